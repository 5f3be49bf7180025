-- A small shop, as production has it. The code of the three stories expects a little more than this.

CREATE TABLE customers (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    email      text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TYPE order_status AS ENUM ('new', 'paid', 'shipped', 'cancelled');

-- The schema files of the code also have: confirmed_at timestamptz. The migration that adds it never reached production.
CREATE TABLE orders (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers,
    status      order_status NOT NULL DEFAULT 'new',
    total_cents integer NOT NULL CHECK (total_cents >= 0),
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE leads (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_email text NOT NULL,
    source     text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE authors (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL
);

-- The generated client of the code also has posts.seo_metadata (jsonb) and a table business_profiles.
CREATE TABLE posts (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    author_id    bigint NOT NULL REFERENCES authors,
    slug         text NOT NULL UNIQUE,
    title        text NOT NULL,
    body         text NOT NULL,
    published_at timestamptz
);

CREATE VIEW published_posts AS
    SELECT p.id, p.slug, p.title, a.name AS author
    FROM posts p JOIN authors a ON a.id = p.author_id
    WHERE p.published_at IS NOT NULL;

INSERT INTO customers (name, email) VALUES ('Ann', 'ann@example.com'), ('Ben', 'ben@example.com');
INSERT INTO orders (customer_id, status, total_cents) VALUES (1, 'paid', 4200), (2, 'new', 990);
INSERT INTO leads (user_email, source) VALUES ('ann@example.com', 'newsletter'), ('eve@example.com', 'fair');
INSERT INTO authors (name) VALUES ('Cleo');
INSERT INTO posts (author_id, slug, title, body, published_at) VALUES (1, 'acme', 'Acme opens', 'Today ...', now());
