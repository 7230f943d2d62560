-- The target of the benchmark: a bare table, so that what is measured is reading, transforming and loading.
create type customer_state as enum ('planned', 'active', 'paused', 'closed');

create table customers (
  id      uuid not null,
  number  integer not null,
  name    text not null,
  email   text not null,
  state   customer_state not null,
  joined  date not null,
  amount  numeric(14,2) not null,
  rating  smallint not null,
  active  boolean not null,
  seen    timestamptz not null,
  city    text not null,
  note    text
);
