"""The three stories. Each is a function (show, cluster, guard) -> whether its errors were explained.

The first line of its docstring is its heading.
"""

from psql import Psql

EXPLANATION = "DETAIL:  driftguard:"


def _ask_both(show, cluster, guard, sql):
    """The statement on two new connections, straight and through the guard; whether the guard explained the error."""
    show.sql("The application sends", sql)
    with Psql(cluster.url_of("shop")) as before, Psql(guard.url()) as now:
        return _show_both(show, before, now, sql)


def _show_both(show, before, now, sql):
    show.answer("Before, straight to PostgreSQL, it got", before.send(sql))
    answer = now.send(sql)
    show.answer("Now, through driftguard, it gets", answer)
    return EXPLANATION in answer


def never_reached_production(show, cluster, guard):
    """Story 1 of 3: a column that never reached production

    The ORM names every known column in RETURNING, so saving fails as well as reading.
    """
    show.title(never_reached_production.__doc__.splitlines()[0])
    show.plain("The code knows orders.confirmed_at. Three deploys said OK; the migration that adds it never ran.")
    return _ask_both(show, cluster, guard,
                     "INSERT INTO orders (customer_id, status, total_cents) VALUES (1, 'new', 4200)\n"
                     "RETURNING id, customer_id, status, total_cents, confirmed_at, created_at")


def rename_at_two(show, cluster, guard):
    """Story 2 of 3: a rename under a running client

    The clients are connected before the migration, and the migration does not go through the guard.
    """
    show.title(rename_at_two.__doc__.splitlines()[0])
    show.plain("Old code is running, and connected, when a migration renames the column that it reads.")
    old_code = "SELECT id, user_email FROM leads WHERE user_email = 'ann@example.com'"
    new_code = old_code.replace("user_email", "contact_email")
    migration = "ALTER TABLE leads RENAME COLUMN user_email TO contact_email"
    with Psql(cluster.url_of("shop")) as before, Psql(guard.url()) as now:
        show.sql("The application sends", old_code)
        before.send(old_code)
        show.answer("All is well", now.send(old_code))
        show.sql("Beside the guard, at two in the morning", migration)
        cluster.psql(migration, "shop")
        show.sql("The application sends again, on the same connection", old_code)
        is_explained = _show_both(show, before, now, old_code)
        show.sql("New code, still on the same connection", new_code)
        answer = now.send(new_code)
        show.answer("All is well", answer)
    return is_explained and "(1 row)" in answer


def business_not_found(show, cluster, guard):
    """Story 3 of 3: a missing table and a missing JSON column

    The image was shipped, the database did not follow; the page said "Business not found".
    """
    show.title(business_not_found.__doc__.splitlines()[0])
    show.plain("A release expects a new table and a new JSON column; the page turned the errors into \"not found\".")
    table = _ask_both(show, cluster, guard, "SELECT b.id, b.name FROM business_profiles b WHERE b.slug = 'acme'")
    column = _ask_both(show, cluster, guard,
                       "SELECT p.id, p.title, p.seo_metadata ->> 'description' AS description\n"
                       "FROM posts p JOIN authors a ON a.id = p.author_id WHERE p.slug = 'acme'")
    return table and column


ALL = (never_reached_production, rename_at_two, business_not_found)


def describe_group(group):
    """One drift group of /drift, for people; the statements have $ where literals were."""
    what = ".".join(name for name in (group["relation"], group["column"]) if name)
    seen = f"{group['count']} x by {', '.join(group['applications'])}, last {group['last_seen']}"
    statements = "".join(f"\n  {statement}" for statement in group["statements"])
    return f"{what}: {group['kind']} ({group['sqlstate']}), {group['state']}, {seen}{statements}"
