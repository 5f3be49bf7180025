/*
 * The page for people. Numbers and database names are written here, escaped; drift groups are read from /drift by a few
 * lines of script that set text, never markup, so that no name in a schema can become part of the page.
 */
#include "proxy/page.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"

static const char page_head[] =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>driftguard</title>"
    "<meta name=\"viewport\" content=\"width=device-width\"><style>"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}th,td{text-align:left;padding:.35rem .6rem;"
    "border-bottom:1px solid #d8dee4;vertical-align:top}th{font-weight:600}code{font:13px ui-monospace,monospace}"
    ".open{color:#b42318;font-weight:600}.quiet{color:#57606a}.t{white-space:nowrap}.s{font:13px "
    "ui-monospace,monospace}h1{font-size:1.4rem}h2{font-size:1.1rem}"
    "</style></head><body><h1>driftguard " DG_VERSION "</h1>";

static const char page_drift[] =
    "<h2>Drift</h2><p id=\"none\" class=\"quiet\">No schema drift was seen since the start.</p>"
    "<table id=\"drift\" "
    "hidden><thead><tr><th>State</th><th>What</th><th>Database</th><th>Server</th><th>Count</th><th>First seen"
    "</th><th>Last seen</th><th>Applications</th><th>Statement</th></tr></thead><tbody></tbody></table>"
    "<p class=\"quiet\">Machine-readable: <a href=\"/metrics\">/metrics</a>, <a href=\"/drift\">/drift</a>, "
    "<a href=\"/readyz\">/readyz</a>, <a href=\"/healthz\">/healthz</a>.</p><script>"
    "fetch('/drift').then(r=>r.json()).then(d=>{const g=d.groups||[];if(!g.length)return;"
    "document.getElementById('none').hidden=true;const table=document.getElementById('drift');table.hidden=false;"
    "for(const x of g){const r=table.tBodies[0].insertRow();const c=(v,k)=>{const e=r.insertCell();e.textContent=v;"
    "if(k)e.className=k};c(x.state,x.state==='open'?'open':'quiet');"
    "c(x.kind+': '+[x.relation,x.column].filter(Boolean).join('.'));c(x.database);c(x.upstream+' "
    "'+x.server);c(x.count);const "
    "t=v=>v.replace('T',' ').slice(0,19)+' UTC';c(t(x.first_seen),'t');"
    "c(t(x.last_seen),'t');c((x.applications||[]).join(', '));c((x.statements||[])[0]||'','s')}});"
    "</script></body></html>\n";

static void print_html(struct dg_text *out, const char *value)
{
    for (const char *c = value; *c != '\0'; c++) {
        switch (*c) {
        case '<':
            dg_text_cstr(out, "&lt;");
            break;
        case '>':
            dg_text_cstr(out, "&gt;");
            break;
        case '&':
            dg_text_cstr(out, "&amp;");
            break;
        case '"':
            dg_text_cstr(out, "&quot;");
            break;
        default:
            dg_text_char(out, *c);
        }
    }
}

static void print_database(const struct dg_schema_status *status, void *context)
{
    struct dg_text *out = context;
    char read_at[DG_CLOCK_ISO_BYTES] = "never";

    if (status->read_at_us != 0)
        dg_clock_format_iso(status->read_at_us, read_at);
    dg_text_cstr(out, "<tr><td>");
    print_html(out, status->database);
    dg_text_cstr(out, "</td><td>");
    print_html(out, status->upstream);
    dg_text_cstr(out, "</td><td>");
    print_html(out, status->server);
    dg_text_printf(out, "</td><td>%zu</td><td>%s</td><td>%s</td><td>%zu kB</td><td>", status->n_clients,
                   !status->is_loaded ? "not held"
                   : status->is_stale ? "stale"
                                      : "current",
                   read_at, status->size_bytes / 1024);
    print_html(out, status->last_error);
    dg_text_cstr(out, "</td></tr>");
}

void dg_page_print(const struct dg_page_parts *parts, struct dg_text *out)
{
    const struct dg_metrics *metrics = parts->metrics;

    dg_text_cstr(out, page_head);
    dg_text_cstr(out, "<p>Applications connect to <code>");
    print_html(out, parts->address);
    dg_text_printf(out,
                   "</code>. %zu sessions are open. Statements: %" PRIu64 " with nothing missing, <b>%" PRIu64
                   "</b> with a finding, %" PRIu64 " unknown, %" PRIu64 " not inspected.</p>",
                   parts->sessions, dg_metrics_cell(metrics, DG_CELL_STATEMENTS_OK),
                   dg_metrics_cell(metrics, DG_CELL_STATEMENTS_FINDING),
                   dg_metrics_cell(metrics, DG_CELL_STATEMENTS_UNKNOWN),
                   dg_metrics_cell(metrics, DG_CELL_STATEMENTS_NOT_INSPECTED));
    dg_text_cstr(out, "<h2>Databases</h2><table><thead><tr><th>Database</th><th>Upstream</th><th>Server</"
                      "th><th>Clients</th><th>Snapshot</th><th>Read at"
                      "</th><th>Size</th><th>Last error</th></tr></thead><tbody>");
    dg_schema_store_visit(parts->store, print_database, out);
    dg_text_cstr(out, "</tbody></table>");
    dg_text_cstr(out, page_drift);
}
