-- Northwind, normalised: people's contacts apart from companies, order lines with a composite key.
create table regions (
  id   int primary key,
  name text not null unique
);
create table territories (
  code      text primary key,
  name      text not null,
  region_id int not null references regions (id)
);
create table employees (
  id         int primary key,
  first_name varchar(40) not null,
  last_name  varchar(40) not null,
  title      text,
  courtesy   text,
  born_on    date not null,
  hired_on   date not null check (hired_on > born_on),
  city       text,
  region     text,
  postcode   text,
  country    text not null,
  phone      text,
  photo      bytea,
  notes      text,
  manager_id int references employees (id)
);
create table employee_territories (
  employee_id    int not null references employees (id),
  territory_code text not null references territories (code),
  primary key (employee_id, territory_code)
);
create table contacts (
  id    uuid primary key,
  name  text not null,
  title text,
  phone text,
  fax   text
);
create table customers (
  code       char(5) primary key,
  company    varchar(80) not null,
  contact_id uuid not null references contacts (id),
  address    text,
  city       text,
  region     text,
  postcode   text,
  country    text not null
);
create table suppliers (
  id         int primary key,
  company    varchar(80) not null,
  contact_id uuid not null references contacts (id),
  city       text,
  country    text not null,
  home_page  text
);
create table shippers (
  id      int primary key,
  company text not null,
  phone   text
);
create table categories (
  id          int primary key,
  name        text not null unique,
  description text not null,
  picture     bytea
);
create table products (
  id              int primary key,
  name            text not null,
  supplier_id     int not null references suppliers (id),
  category_id     int not null references categories (id),
  unit            text,
  price           numeric(10,2) not null check (price >= 0),
  in_stock        smallint not null,
  on_order        smallint not null,
  reorder_level   smallint not null,
  discontinued    boolean not null
);
create table orders (
  id            int primary key,
  customer_code char(5) not null references customers (code),
  employee_id   int not null references employees (id),
  ordered_on    date not null,
  required_on   date,
  shipped_on    date,
  shipper_id    int references shippers (id),
  freight       numeric(10,2) not null,
  ship_name     text not null,
  ship_city     text,
  ship_country  text not null
);
create table order_lines (
  order_id   int not null references orders (id),
  product_id int not null references products (id),
  price      numeric(10,2) not null,
  quantity   int not null check (quantity > 0),
  discount   numeric(4,2) not null check (discount between 0 and 1),
  primary key (order_id, product_id)
);
