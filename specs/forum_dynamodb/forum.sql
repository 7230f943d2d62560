-- A discussion forum and a shop's catalogue, each a DynamoDB table once; the forum also as plain JSON (forum_plain).
create table forums (
  name     text primary key,
  category text not null,
  views    int not null
);
create table threads (
  id             uuid primary key,
  forum          text not null references forums (name),
  subject        text not null,
  message        text not null,
  last_posted_by text not null,
  last_posted_at timestamptz not null,
  answered       boolean not null,
  unique (forum, subject)
);
create table thread_tags (
  thread_id uuid not null references threads (id),
  tag       text not null,
  primary key (thread_id, tag)
);
create table replies (
  id        uuid primary key,
  thread_id uuid not null references threads (id),
  posted_at timestamptz not null,
  posted_by text not null,
  message   text not null,
  unique (thread_id, posted_at)
);
create type product_kind as enum ('book', 'bicycle');
create table products (
  id             int primary key,
  kind           product_kind not null,
  title          text not null,
  price          numeric(8,2) not null check (price >= 0),
  isbn           text unique,
  pages          int,
  brand          text,
  bicycle_type   text,
  in_publication boolean,
  check ((kind = 'book') = (isbn is not null)),
  check ((kind = 'bicycle') = (brand is not null))
);
create table product_authors (
  product_id int not null references products (id),
  author     text not null,
  primary key (product_id, author)
);
create table product_colors (
  product_id int not null references products (id),
  color      text not null,
  primary key (product_id, color)
);
