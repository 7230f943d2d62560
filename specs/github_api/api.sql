-- Issues out of the pages of an answer.
create type item_state as enum ('open', 'closed');
create table users (
  id    bigint primary key,
  login varchar(39) not null unique
);
create table pages (
  number    int primary key,
  path      text not null unique,
  status    int not null check (status between 100 and 599),
  answered  timestamptz not null,
  remaining int not null
);
create table issues (
  id         bigint primary key,
  page       int not null references pages (number),
  number     int not null unique,
  title      text not null,
  state      item_state not null,
  author_id  bigint not null references users (id),
  comments   int not null,
  locked     boolean not null,
  created_at timestamptz not null
);
