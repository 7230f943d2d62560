-- Chinook, a music shop: keys kept, empty texts told from nulls, playlists with a composite key.
create table genres      (id int primary key, name text not null unique);
create table media_types (id int primary key, name text not null unique);
create table artists     (id int primary key, name text not null);
create table albums (
  id        int primary key,
  title     varchar(160) not null,
  artist_id int not null references artists (id)
);
create table tracks (
  id            int primary key,
  name          varchar(200) not null,
  album_id      int references albums (id),
  media_type_id int not null references media_types (id),
  genre_id      int references genres (id),
  composer      varchar(220),
  length        interval not null,
  bytes         int check (bytes > 0),
  price         numeric(10,2) not null
);
create table staff (
  id         int primary key,
  name       text not null,
  title      text not null,
  manager_id int references staff (id),
  born_on    date not null,
  hired_on   date not null,
  email      text not null unique check (email = lower(email))
);
create table customers (
  id         int primary key,
  first_name varchar(40) not null,
  last_name  varchar(40) not null,
  company    text,
  city       text not null,
  country    text not null,
  email      text not null unique,
  rep_id     int not null references staff (id)
);
create table invoices (
  id          int primary key,
  customer_id int not null references customers (id),
  invoiced_on date not null,
  country     text not null,
  postcode    text,
  total       numeric(10,2) not null
);
create table invoice_lines (
  id         int primary key,
  invoice_id int not null references invoices (id),
  track_id   int not null references tracks (id),
  price      numeric(10,2) not null,
  quantity   int not null
);
create table playlists (id int primary key, name text not null);
create table playlist_tracks (
  playlist_id int not null references playlists (id),
  track_id    int not null references tracks (id),
  primary key (playlist_id, track_id)
);
-- Per country, from the source: what the shop sold there.
create table sales_by_country (
  country  text primary key,
  invoices int not null,
  total    numeric(12,2) not null,
  largest  numeric(10,2) not null
);
