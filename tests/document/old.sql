create table orders (id bigint primary key, region text not null, day date not null, amount numeric not null);
