-- Telephones on sale: their brands, what they were rated, and the prices asked for them.
create table brands (
  id   uuid primary key,
  name text not null unique
);
create table phones (
  asin     char(10) primary key check (asin ~ '^B[0-9A-Z]{9}$'),
  brand_id uuid references brands (id),
  title    text not null,
  url      text not null,
  rating   numeric(2,1) not null check (rating between 1 and 5),
  reviews  int not null check (reviews > 0)
);
create table prices (
  asin     char(10) not null references phones (asin),
  position int not null,
  amount   numeric(8,2) not null check (amount > 0),
  primary key (asin, position)
);
create table brand_ratings (
  brand   text primary key,
  phones  int not null,
  reviews int not null,
  best    numeric(2,1) not null,
  worst   numeric(2,1) not null
);
