// node-postgres as a running client: one connection, driven by a line of JSON each way.
//
//   -> {"text": "SELECT $1::int", "values": [1], "name": "s1"}     values and name may be left out
//   <- {"rows": [[1]], "status": "SELECT"}   or   {"error": {every field of the error}}
//
// Without values node-postgres uses the simple protocol, with values an unnamed statement, with a name one that is
// prepared once and then bound again and again.
'use strict';
const path = require('path');
const readline = require('readline');
const modules = path.join(__dirname, '..', 'clients', 'node_modules');
const { Client } = require(path.join(modules, 'pg'));

const FIELDS = ['severity', 'code', 'message', 'detail', 'hint', 'position', 'internalPosition', 'internalQuery',
  'where', 'schema', 'table', 'column', 'dataType', 'constraint', 'file', 'line', 'routine'];

function describe(error) {
  const fields = {};
  for (const name of FIELDS) fields[name] = error[name] === undefined ? null : error[name];
  return { error: fields };
}

async function main() {
  const client = new Client({ connectionString: process.argv[2], application_name: 'node' });
  client.on('error', () => {}); // a lost connection is reported by the query that meets it
  try {
    await client.connect();
  } catch (error) {
    console.log(JSON.stringify(describe(error)));
    return;
  }
  console.log(JSON.stringify({ rows: [], status: 'CONNECTED' }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { text, values, name } = JSON.parse(line);
    try {
      const result = await client.query({ text, values, name, rowMode: 'array' });
      const last = Array.isArray(result) ? result[result.length - 1] : result;
      console.log(JSON.stringify({ rows: last.rows, status: last.command }));
    } catch (error) {
      console.log(JSON.stringify(describe(error)));
    }
  }
  await client.end().catch(() => {});
}

main();
