//! The roles of the B2X system: who needs whom, and what each one calls its things.

use std::time::Duration;

/// One service of the B2X system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    ApiGateway,
    AuthService,
    TenantService,
    ShopService,
    OrderService,
    ProcurementGateway,
    CatalogService,
    InventoryService,
    SupplierService,
    Frontend,
}

/// What a role needs before it can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Postgres,
    Redis,
    Rabbitmq,
    /// Another service, by its name in the environment file.
    Service(&'static str),
}

/// What a role keeps in its table, and what it says about it in its log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trade {
    /// Path below `/api/`, plural.
    pub(crate) collection: &'static str,
    /// Said when one more was recorded.
    pub(crate) usual: &'static str,
    /// Said now and then as a warning.
    pub(crate) unusual: &'static str,
}

impl Role {
    const ALL: [Self; 10] = [
        Self::ApiGateway,
        Self::AuthService,
        Self::TenantService,
        Self::ShopService,
        Self::OrderService,
        Self::ProcurementGateway,
        Self::CatalogService,
        Self::InventoryService,
        Self::SupplierService,
        Self::Frontend,
    ];

    /// The role that goes by `word` on the command line.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// All names, for the usage line.
    pub(crate) fn words() -> String {
        Self::ALL.map(Self::word).join(" ")
    }

    /// The name on the command line and in the environment file.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::ApiGateway => "api-gateway",
            Self::AuthService => "auth-service",
            Self::TenantService => "tenant-service",
            Self::ShopService => "shop-service",
            Self::OrderService => "order-service",
            Self::ProcurementGateway => "procurement-gateway",
            Self::CatalogService => "catalog-service",
            Self::InventoryService => "inventory-service",
            Self::SupplierService => "supplier-service",
            Self::Frontend => "frontend",
        }
    }

    /// The dependencies, as the topology of the B2X system has them.
    pub(crate) fn needs(self) -> &'static [Need] {
        match self {
            Self::AuthService
            | Self::TenantService
            | Self::CatalogService
            | Self::InventoryService
            | Self::SupplierService => &[Need::Postgres],
            Self::ShopService => &[Need::Postgres, Need::Redis],
            Self::OrderService => &[Need::Postgres, Need::Rabbitmq],
            Self::ProcurementGateway => &[Need::Postgres, Need::Service("api-gateway")],
            Self::ApiGateway => &[
                Need::Service("auth-service"),
                Need::Service("tenant-service"),
                Need::Service("shop-service"),
            ],
            Self::Frontend => &[Need::Service("api-gateway")],
        }
    }

    /// What the role keeps itself; the gateway and the frontend keep nothing.
    pub(crate) fn trade(self) -> Option<Trade> {
        let (collection, usual, unusual) = match self {
            Self::ApiGateway | Self::Frontend => return None,
            Self::AuthService => (
                "users",
                "user signed in",
                "sign-in refused, password is wrong",
            ),
            Self::TenantService => (
                "tenants",
                "tenant context resolved",
                "tenant is close to its quota",
            ),
            Self::ShopService => ("products", "product viewed", "product has no picture"),
            Self::OrderService => ("orders", "order placed", "order waits for its payment"),
            Self::ProcurementGateway => (
                "requisitions",
                "requisition received",
                "requisition has no cost centre",
            ),
            Self::CatalogService => ("articles", "article indexed", "article has no category"),
            Self::InventoryService => ("stocks", "stock counted", "stock is below its threshold"),
            Self::SupplierService => (
                "suppliers",
                "supplier price updated",
                "supplier answers slowly",
            ),
        };
        Some(Trade {
            collection,
            usual,
            unusual,
        })
    }

    /// The service to which a request for `collection` goes on, if it is not kept here.
    pub(crate) fn forwards(self, collection: &str) -> Option<&'static str> {
        match (self, collection) {
            (Self::ApiGateway, "users") => Some("auth-service"),
            (Self::ApiGateway, "tenants") => Some("tenant-service"),
            (Self::ApiGateway, "products") => Some("shop-service"),
            (Self::Frontend | Self::ProcurementGateway, _) => Some("api-gateway"),
            _ => None,
        }
    }

    /// How long one check of a dependency may take. It grows along the chain, so
    /// that who asks outlasts who is asked, and stays below 2 s for everyone.
    pub(crate) fn patience(self) -> Duration {
        Duration::from_millis(match self {
            Self::Frontend | Self::ProcurementGateway => 1800,
            Self::ApiGateway => 1500,
            _ => 1200,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_found_by_its_word() {
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.word()), Some(role));
        }
        assert_eq!(Role::from_word("billing"), None);
    }

    #[test]
    fn a_role_forwards_only_to_what_it_needs() {
        for role in Role::ALL {
            for collection in ["users", "tenants", "products", "orders"] {
                if let Some(target) = role.forwards(collection) {
                    assert!(
                        role.needs().contains(&Need::Service(target)),
                        "{} forwards to {target}",
                        role.word()
                    );
                }
            }
        }
    }

    #[test]
    fn who_asks_outlasts_who_is_asked() {
        for role in Role::ALL {
            for need in role.needs() {
                if let Need::Service(name) = need {
                    let asked = Role::from_word(name).expect("a role of this program");
                    assert!(
                        role.patience() > asked.patience(),
                        "{} asks {name}",
                        role.word()
                    );
                }
            }
            assert!(role.patience() < Duration::from_secs(2));
        }
    }
}
