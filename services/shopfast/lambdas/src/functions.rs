//! The table of functions: name, what triggers it, and what its ports let it do. Packaging, the template's checks and the
//! documents are fed from it. How a function does its work is not here.

/// What starts a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The REST API, and the Function URL where there is one.
    Http {
        /// Whether it has a Function URL as well.
        function_url: bool,
        /// (method, path) of each route.
        routes: &'static [(&'static str, &'static str)],
    },
    /// `lambda:InvokeFunction` by another function or a workflow.
    Invoke,
    /// A fixed rate.
    Schedule {
        /// As in the template.
        rate: &'static str,
    },
    /// The stream of a table.
    Stream {
        /// The variable that names the table.
        table: &'static str,
    },
    /// A queue.
    Queue {
        /// Its name.
        name: &'static str,
    },
    /// A topic.
    Topic {
        /// Its name.
        name: &'static str,
    },
    /// A task of the order workflow.
    WorkflowTask,
}

/// One right that a function's ports need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// As in an IAM policy.
    pub action: &'static str,
    /// The environment variable that names the resource, and `/index/<name>` for an index of a table.
    pub resource: &'static str,
}

/// A function.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// Its name, and its binary's.
    pub name: &'static str,
    /// What starts it.
    pub triggers: &'static [Trigger],
    /// Exactly what its policy allows, beside logs and traces.
    pub grants: &'static [Grant],
    /// Environment variables it needs.
    pub required: &'static [&'static str],
    /// Environment variables it can use.
    pub optional: &'static [&'static str],
}

const fn grant(action: &'static str, resource: &'static str) -> Grant {
    Grant { action, resource }
}

/// The catalogue and the inventory.
pub const CATALOGUE_AND_INVENTORY: &[Function] = &[
    Function {
        name: "shopfast-product-service",
        triggers: &[Trigger::Http {
            function_url: true,
            routes: &[
                ("GET", "/products"),
                ("GET", "/products/{id}"),
                ("GET", "/health"),
            ],
        }],
        grants: &[
            grant("dynamodb:GetItem", "PRODUCTS_TABLE"),
            grant("dynamodb:Scan", "PRODUCTS_TABLE"),
            grant("dynamodb:Query", "PRODUCTS_TABLE/index/category-index"),
        ],
        required: &["PRODUCTS_TABLE"],
        optional: &["REDIS_URL"],
    },
    Function {
        name: "shopfast-inventory-service",
        triggers: &[
            Trigger::Http {
                function_url: false,
                routes: &[
                    ("GET", "/inventory/{productId}"),
                    ("PUT", "/inventory/{productId}"),
                    ("POST", "/inventory/reserve"),
                ],
            },
            Trigger::Invoke,
        ],
        grants: &[
            grant("dynamodb:GetItem", "INVENTORY_TABLE"),
            grant("dynamodb:UpdateItem", "INVENTORY_TABLE"),
            grant("dynamodb:GetItem", "RESERVATIONS_TABLE"),
            grant("dynamodb:PutItem", "RESERVATIONS_TABLE"),
            grant("dynamodb:UpdateItem", "RESERVATIONS_TABLE"),
            grant("sns:Publish", "INVENTORY_TOPIC"),
        ],
        required: &[
            "INVENTORY_TABLE",
            "RESERVATIONS_TABLE",
            "INVENTORY_TOPIC",
            "USER_POOL_ID",
            "USER_POOL_CLIENT_ID",
        ],
        optional: &[],
    },
    Function {
        name: "shopfast-inventory-sweeper",
        triggers: &[Trigger::Schedule {
            rate: "rate(1 minute)",
        }],
        grants: &[
            grant("dynamodb:Query", "RESERVATIONS_TABLE/index/lease-index"),
            grant("dynamodb:GetItem", "RESERVATIONS_TABLE"),
            grant("dynamodb:PutItem", "RESERVATIONS_TABLE"),
            grant("dynamodb:UpdateItem", "RESERVATIONS_TABLE"),
            grant("dynamodb:UpdateItem", "INVENTORY_TABLE"),
            grant("dynamodb:GetItem", "ORDERS_TABLE"),
            grant("sns:Publish", "INVENTORY_TOPIC"),
        ],
        required: &[
            "INVENTORY_TABLE",
            "RESERVATIONS_TABLE",
            "INVENTORY_TOPIC",
            "ORDERS_TABLE",
        ],
        optional: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn routes_of(name: &str) -> Vec<(&'static str, &'static str)> {
        let function = CATALOGUE_AND_INVENTORY.iter().find(|f| f.name == name).unwrap();
        let routes = function.triggers.iter().find_map(|trigger| match trigger {
            Trigger::Http { routes, .. } => Some(routes.to_vec()),
            _ => None,
        });
        routes.unwrap()
    }

    #[test]
    fn the_table_has_the_handlers_routes() {
        let handled: Vec<_> = crate::product::http::ROUTES
            .0
            .iter()
            .map(|(m, p, _)| (*m, *p))
            .collect();
        assert_eq!(routes_of("shopfast-product-service"), handled);
        let handled: Vec<_> = crate::inventory::http::ROUTES
            .0
            .iter()
            .map(|(m, p, _)| (*m, *p))
            .collect();
        assert_eq!(routes_of("shopfast-inventory-service"), handled);
    }

    #[test]
    fn what_is_granted_is_named_and_named_once() {
        for function in CATALOGUE_AND_INVENTORY {
            for (n, grant) in function.grants.iter().enumerate() {
                let variable = grant.resource.split('/').next().unwrap();
                assert!(
                    function.required.contains(&variable),
                    "{}: {variable}",
                    function.name
                );
                assert!(
                    !function.grants[..n].contains(grant),
                    "{}: {grant:?}",
                    function.name
                );
            }
        }
    }
}
