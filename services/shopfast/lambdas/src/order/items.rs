//! Orders and products as DynamoDB items. An order's item carries `schema` 1, and `open` while its way is not over: the
//! sparse `open-index` holds only those, and `stage` is its status as long: key of the sparse `stage-index`, oldest order first.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use shopfast_domain::ids::{OrderId, ProductId, UserId};
use shopfast_domain::inventory::Quantity;
use shopfast_domain::money::{Currency, Money};
use shopfast_domain::order::{Address, Customer, EmailAddress, Order, OrderLine, OrderStatus, PersonName};
use shopfast_domain::product::{Category, Product};

use super::ports::StoredOrder;
use crate::adapter::AdapterError;
use crate::attributes::{
    Item, map, number, optional_number, optional_text, read_map, read_number, read_text, text,
};

/// Partition of the `open-index`: orders that are on their way are few, the index is read by one function.
pub(crate) const OPEN: &str = "open";

/// The item of an order.
pub(crate) fn of_order(stored: &StoredOrder) -> Item {
    let order = &stored.order;
    let customer = map([
        ("email", text(order.customer.email.as_str())),
        ("firstName", text(order.customer.first_name.as_str())),
        ("lastName", text(order.customer.last_name.as_str())),
    ]);
    let address = map([
        ("address", text(&order.address.line)),
        ("city", text(&order.address.city)),
        ("state", text(&order.address.state)),
        ("zipCode", text(&order.address.postcode)),
    ]);
    let created_at = text(format!("{:.3}", stored.created_at));
    let mut item: Item = [
        ("schema", number(1)),
        ("orderId", text(order.id.as_str())),
        ("status", text(order.status.as_str())),
        (
            "items",
            AttributeValue::L(order.lines.iter().map(of_line).collect()),
        ),
        ("total", number(order.total.minor_units())),
        ("currency", text(order.total.currency().code())),
        ("customer", customer),
        ("shippingAddress", address),
        ("paymentToken", text(&order.payment_token)),
        ("createdAt", created_at.clone()),
        ("version", number(stored.version)),
        ("attempt", number(stored.attempt)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let mut put = |name: &str, value: Option<AttributeValue>| {
        if let Some(value) = value {
            item.insert(name.to_owned(), value);
        }
    };
    let open = !order.status.is_final();
    put("userId", order.owner.as_ref().map(|owner| text(owner.as_str())));
    put("trackingNumber", order.tracking_number.as_deref().map(text));
    put("customerId", order.customer.pseudonym.as_deref().map(text));
    put("failure", order.failure.as_deref().map(text));
    put("open", open.then(|| text(OPEN)));
    put("openSince", open.then_some(created_at));
    put("stage", open.then(|| text(order.status.as_str())));
    item
}

fn of_line(line: &OrderLine) -> AttributeValue {
    map([
        ("productId", text(line.product.as_str())),
        ("name", text(&line.name)),
        ("quantity", number(line.quantity.get())),
        ("price", number(line.price.minor_units())),
    ])
}

/// The order of an item.
pub(crate) fn order(item: &Item) -> Result<StoredOrder, AdapterError> {
    let wrong = AdapterError::Malformed;
    let currency = Currency::try_new(read_text(item, "currency")?).map_err(|_| wrong("currency"))?;
    let lines = item
        .get("items")
        .and_then(|value| value.as_l().ok())
        .ok_or(wrong("items"))?;
    let lines = lines
        .iter()
        .map(|value| line(value.as_m().map_err(|_| wrong("items"))?, currency))
        .collect::<Result<Vec<_>, _>>()?;
    let order = Order {
        id: OrderId::try_new(read_text(item, "orderId")?).map_err(|_| wrong("orderId"))?,
        owner: optional_text(item, "userId")
            .map(UserId::try_new)
            .transpose()
            .map_err(|_| wrong("userId"))?,
        lines,
        total: Money::try_new(read_number(item, "total")?, currency).map_err(|_| wrong("total"))?,
        customer: Customer {
            pseudonym: optional_text(item, "customerId").map(str::to_owned),
            ..customer(read_map(item, "customer")?)?
        },
        address: address(read_map(item, "shippingAddress")?)?,
        payment_token: read_text(item, "paymentToken")?.to_owned(),
        status: OrderStatus::parse(read_text(item, "status")?).ok_or(wrong("status"))?,
        tracking_number: optional_text(item, "trackingNumber").map(str::to_owned),
        failure: optional_text(item, "failure").map(str::to_owned),
    };
    Ok(StoredOrder {
        order,
        created_at: read_text(item, "createdAt")?
            .parse::<Timestamp>()
            .map_err(|_| wrong("createdAt"))?,
        version: read_number(item, "version")?,
        attempt: optional_number(item, "attempt").unwrap_or(1),
    })
}

fn line(item: &Item, currency: Currency) -> Result<OrderLine, AdapterError> {
    let wrong = || AdapterError::Malformed("items");
    Ok(OrderLine {
        product: ProductId::try_new(read_text(item, "productId")?).map_err(|_| wrong())?,
        name: read_text(item, "name")?.to_owned(),
        quantity: Quantity::try_new(read_number(item, "quantity")?).map_err(|_| wrong())?,
        price: Money::try_new(read_number(item, "price")?, currency).map_err(|_| wrong())?,
    })
}

fn customer(item: &Item) -> Result<Customer, AdapterError> {
    let wrong = |_| AdapterError::Malformed("customer");
    Ok(Customer {
        email: EmailAddress::try_new(read_text(item, "email")?).map_err(wrong)?,
        first_name: PersonName::try_new(read_text(item, "firstName")?, "firstName").map_err(wrong)?,
        last_name: PersonName::try_new(read_text(item, "lastName")?, "lastName").map_err(wrong)?,
        pseudonym: None,
    })
}

fn address(item: &Item) -> Result<Address, AdapterError> {
    let read = |name| read_text(item, name);
    Address::try_new(read("address")?, read("city")?, read("state")?, read("zipCode")?)
        .map_err(|_| AdapterError::Malformed("shippingAddress"))
}

/// The product of an item.
pub(super) fn product(item: &Item) -> Result<Product, AdapterError> {
    let wrong = AdapterError::Malformed;
    let currency = Currency::try_new(read_text(item, "currency")?).map_err(|_| wrong("currency"))?;
    let id = ProductId::try_new(read_text(item, "productId")?).map_err(|_| wrong("productId"))?;
    let price = Money::try_new(read_number(item, "price")?, currency).map_err(|_| wrong("price"))?;
    let category = Category::try_new(read_text(item, "category")?).map_err(|_| wrong("category"))?;
    let description = optional_text(item, "description").unwrap_or_default();
    Product::try_new(id, read_text(item, "name")?, description, price, category).map_err(|_| wrong("name"))
}
