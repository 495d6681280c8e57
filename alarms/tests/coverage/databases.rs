//! What follows from databases and containers: the templates are those on which `infra` is tested.

use expect_test::{Expect, expect};

use super::rules::shown;
use super::{TOPICS, follows_from, read};

/// A fixture of `infra`, with the topics on which alarms act.
fn fixture(name: &str) -> String {
    let path = format!("../infra/tests/fixtures/{name}");
    let text = std::fs::read_to_string(path).expect("the fixture is there");
    assert_eq!(text.matches("\nResources:\n").count(), 1, "{name}");
    text.replace("\nResources:\n", &format!("\nResources:\n{TOPICS}"))
}

/// The alarms of some resources of a fixture.
fn check(name: &str, definitions: &str, of: &[&str], expect: &Expect) {
    let generated =
        follows_from(read(fixture(name)), definitions).unwrap_or_else(|problems| panic!("{problems}"));
    let text: String = of.iter().map(|one| shown(&generated, one)).collect();
    expect.assert_eq(&text);
}

const DATABASES: &str = "
resources:
  Orders: { restart: { accepted: An event subscription tells. } }
  OrdersReplica: { restart: { accepted: An event subscription tells. }, load: { accepted: Nobody asks for it. } }
  Legacy:
    restart: { accepted: An event subscription tells. }
    load: { accepted: Nobody asks for it. }
    cpu: { threshold: 70 }
  CatalogueWriter: { connections: { threshold: 1600 }, load: { threshold: 4 } }
types:
  AWS::RDS::DBSubnetGroup: { accepted: Configuration of the network. }
  AWS::RDS::DBParameterGroup: { accepted: Configuration of the database. }
";

#[test]
fn databases_by_class_volume_and_parameters() {
    check(
        "rds-databases.yaml",
        DATABASES,
        &["Orders", "OrdersReplica"],
        &expect![[r#"
            shop-orders-database-connections page: The highest DatabaseConnections (AWS/RDS) of DBInstanceIdentifier=shop-orders in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 320 or more.
            shop-orders-database-cpu ticket: The average of CPUUtilization (AWS/RDS) of DBInstanceIdentifier=shop-orders in periods of 1m. Each of the newest 5 datapoints is 90 or more.
            shop-orders-database-latency ticket: `watched`: `MAX([FILL(reads, 0), FILL(writes, 0)])`, where `reads` is the average of ReadLatency (AWS/RDS) of DBInstanceIdentifier=shop-orders in periods of 1m; `writes` is the average of WriteLatency (AWS/RDS) of DBInstanceIdentifier=shop-orders in periods of 1m. 10 of the newest 15 datapoints, in a row or not: a datapoint counts that is 0.05 or more.
            shop-orders-database-load ticket: The average of DBLoad (AWS/RDS) of DBInstanceIdentifier=shop-orders in periods of 1m. 10 of the newest 15 datapoints, in a row or not: a datapoint counts that is greater than 2.
            shop-orders-database-memory ticket: The average of FreeableMemory (AWS/RDS) of DBInstanceIdentifier=shop-orders in periods of 1m. 10 of the newest 15 datapoints, in a row or not: a datapoint counts that is less than 429496729.
            shop-orders-database-storage page: The lowest FreeStorageSpace (AWS/RDS) of DBInstanceIdentifier=shop-orders in periods of 1m. Each of the newest 5 datapoints is less than 5368709120.
            shop-orders-database-transaction-ids page: The highest MaximumUsedTransactionIDs (AWS/RDS) of DBInstanceIdentifier=shop-orders in periods of 1m. The newest datapoint is 1000000000 or more.
            shop-orders-database-failing page: The states of shop-orders-database-connections, shop-orders-database-storage and shop-orders-database-transaction-ids. shop-orders-database-storage is in ALARM or shop-orders-database-connections is in ALARM or shop-orders-database-transaction-ids is in ALARM.
            shop-orders-replica-database-connections page: The highest DatabaseConnections (AWS/RDS) of DBInstanceIdentifier=${OrdersReplica} in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 316 or more.
            shop-orders-replica-database-cpu ticket: The average of CPUUtilization (AWS/RDS) of DBInstanceIdentifier=${OrdersReplica} in periods of 1m. Each of the newest 5 datapoints is 90 or more.
            shop-orders-replica-database-latency ticket: `watched`: `MAX([FILL(reads, 0), FILL(writes, 0)])`, where `reads` is the average of ReadLatency (AWS/RDS) of DBInstanceIdentifier=${OrdersReplica} in periods of 1m; `writes` is the average of WriteLatency (AWS/RDS) of DBInstanceIdentifier=${OrdersReplica} in periods of 1m. 10 of the newest 15 datapoints, in a row or not: a datapoint counts that is 0.05 or more.
            shop-orders-replica-database-memory ticket: The average of FreeableMemory (AWS/RDS) of DBInstanceIdentifier=${OrdersReplica} in periods of 1m. 10 of the newest 15 datapoints, in a row or not: a datapoint counts that is less than 429496729.
            shop-orders-replica-database-replica-lag ticket: `watched`: `IF(lag < 0, 60, lag)`, where `lag` is the average of ReplicaLag (AWS/RDS) of DBInstanceIdentifier=${OrdersReplica} in periods of 1m. Each of the newest 10 datapoints is 60 or more.
            shop-orders-replica-database-storage page: The lowest FreeStorageSpace (AWS/RDS) of DBInstanceIdentifier=${OrdersReplica} in periods of 1m. Each of the newest 5 datapoints is less than 10737418240.
            shop-orders-replica-database-transaction-ids page: The highest MaximumUsedTransactionIDs (AWS/RDS) of DBInstanceIdentifier=${OrdersReplica} in periods of 1m. The newest datapoint is 1000000000 or more.
            shop-orders-replica-database-failing page: The states of shop-orders-replica-database-connections, shop-orders-replica-database-storage and shop-orders-replica-database-transaction-ids. shop-orders-replica-database-storage is in ALARM or shop-orders-replica-database-connections is in ALARM or shop-orders-replica-database-transaction-ids is in ALARM.
        "#]],
    );
    check(
        "rds-databases.yaml",
        DATABASES,
        &["Legacy", "Catalogue", "CatalogueWriter"],
        &expect![[r#"
            shop-legacy-database-connections page: The highest DatabaseConnections (AWS/RDS) of DBInstanceIdentifier=shop-legacy in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 480 or more.
            shop-legacy-database-cpu ticket: The average of CPUUtilization (AWS/RDS) of DBInstanceIdentifier=shop-legacy in periods of 1m. Each of the newest 5 datapoints is 70 or more.
            shop-legacy-database-latency ticket: `watched`: `MAX([FILL(reads, 0), FILL(writes, 0)])`, where `reads` is the average of ReadLatency (AWS/RDS) of DBInstanceIdentifier=shop-legacy in periods of 1m; `writes` is the average of WriteLatency (AWS/RDS) of DBInstanceIdentifier=shop-legacy in periods of 1m. 10 of the newest 15 datapoints, in a row or not: a datapoint counts that is 0.05 or more.
            shop-legacy-database-memory ticket: The average of FreeableMemory (AWS/RDS) of DBInstanceIdentifier=shop-legacy in periods of 1m. 10 of the newest 15 datapoints, in a row or not: a datapoint counts that is less than 858993459.
            shop-legacy-database-storage page: The lowest FreeStorageSpace (AWS/RDS) of DBInstanceIdentifier=shop-legacy in periods of 1m. Each of the newest 5 datapoints is less than 2147483648.
            shop-legacy-database-failing page: The states of shop-legacy-database-connections and shop-legacy-database-storage. shop-legacy-database-storage is in ALARM or shop-legacy-database-connections is in ALARM.
            shop-catalogue-cluster-replica-lag ticket: The highest AuroraReplicaLagMaximum (AWS/RDS) of DBClusterIdentifier=shop-catalogue in periods of 1m. Each of the newest 5 datapoints is 2000 or more.
            shop-catalogue-writer-database-capacity ticket: The average of ACUUtilization (AWS/RDS) of DBInstanceIdentifier=${CatalogueWriter} in periods of 1m. 10 of the newest 15 datapoints, in a row or not: a datapoint counts that is 90 or more.
            shop-catalogue-writer-database-connections page: The highest DatabaseConnections (AWS/RDS) of DBInstanceIdentifier=${CatalogueWriter} in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 1600 or more.
            shop-catalogue-writer-database-cpu ticket: The average of CPUUtilization (AWS/RDS) of DBInstanceIdentifier=${CatalogueWriter} in periods of 1m. Each of the newest 5 datapoints is 90 or more.
            shop-catalogue-writer-database-latency ticket: `watched`: `MAX([FILL(reads, 0), FILL(writes, 0)])`, where `reads` is the average of ReadLatency (AWS/RDS) of DBInstanceIdentifier=${CatalogueWriter} in periods of 1m; `writes` is the average of WriteLatency (AWS/RDS) of DBInstanceIdentifier=${CatalogueWriter} in periods of 1m. 10 of the newest 15 datapoints, in a row or not: a datapoint counts that is 0.05 or more.
            shop-catalogue-writer-database-load ticket: The average of DBLoad (AWS/RDS) of DBInstanceIdentifier=${CatalogueWriter} in periods of 1m. 10 of the newest 15 datapoints, in a row or not: a datapoint counts that is greater than 4.
            shop-catalogue-writer-database-restart ticket: The lowest EngineUptime (AWS/RDS) of DBInstanceIdentifier=${CatalogueWriter} in periods of 1m. The newest datapoint is less than 300.
            shop-catalogue-writer-database-transaction-ids page: The highest MaximumUsedTransactionIDs (AWS/RDS) of DBInstanceIdentifier=${CatalogueWriter} in periods of 1m. The newest datapoint is 1000000000 or more.
            shop-catalogue-writer-database-failing page: The states of shop-catalogue-writer-database-connections and shop-catalogue-writer-database-transaction-ids. shop-catalogue-writer-database-connections is in ALARM or shop-catalogue-writer-database-transaction-ids is in ALARM.
        "#]],
    );
}

const CONTAINERS: &str = "
resources:
  Worker: { deployment: { accepted: The pipeline waits for it. } }
  Agent: { deployment: { accepted: The pipeline waits for it. }, tasks: { threshold: 12 } }
types:
  AWS::ECS::Cluster: { accepted: Its services have the alarms. }
  AWS::ECS::TaskDefinition: { accepted: Its services have the alarms. }
  AWS::ElasticLoadBalancingV2::Listener: { accepted: Its load balancer has the alarms. }
  AWS::ElasticLoadBalancingV2::ListenerRule: { accepted: Its load balancer has the alarms. }
";

#[test]
fn services_with_and_without_container_insights() {
    check(
        "ecs-fargate.yaml",
        CONTAINERS,
        &["Web", "Worker", "Agent"],
        &expect![[r#"
            shop-web-service-cpu ticket: The average of CPUUtilization (AWS/ECS) of ClusterName=shop, ServiceName=shop-web in periods of 1m. Each of the newest 5 datapoints is 80 or more.
            shop-web-service-deployment ticket: The highest DeploymentCount (ECS/ContainerInsights) of ClusterName=shop, ServiceName=shop-web in periods of 1m. Each of the newest 30 datapoints is 2 or more.
            shop-web-service-memory ticket: The average of MemoryUtilization (AWS/ECS) of ClusterName=shop, ServiceName=shop-web in periods of 1m. Each of the newest 5 datapoints is 80 or more.
            shop-web-service-tasks page: `watched`: `desired - running`, where `desired` is the average of DesiredTaskCount (ECS/ContainerInsights) of ClusterName=shop, ServiceName=shop-web in periods of 1m; `running` is the average of RunningTaskCount (ECS/ContainerInsights) of ClusterName=shop, ServiceName=shop-web in periods of 1m. Each of the newest 5 datapoints is 1 or more.
            shop-worker-service-cpu ticket: The average of CPUUtilization (AWS/ECS) of ClusterName=${QuietCluster}, ServiceName=${WorkerName} in periods of 1m. Each of the newest 5 datapoints is 80 or more.
            shop-worker-service-memory ticket: The average of MemoryUtilization (AWS/ECS) of ClusterName=${QuietCluster}, ServiceName=${WorkerName} in periods of 1m. Each of the newest 5 datapoints is 80 or more.
            shop-worker-service-tasks page: The number of samples of CPUUtilization (AWS/ECS) of ClusterName=${QuietCluster}, ServiceName=${WorkerName} in periods of 1m. Each of the newest 5 datapoints is less than 1.
            shop-log-agent-service-cpu ticket: The average of CPUUtilization (AWS/ECS) of ClusterName=platform, ServiceName=log-agent in periods of 1m. Each of the newest 5 datapoints is 80 or more.
            shop-log-agent-service-memory ticket: The average of MemoryUtilization (AWS/ECS) of ClusterName=platform, ServiceName=log-agent in periods of 1m. Each of the newest 5 datapoints is 80 or more.
            shop-log-agent-service-tasks page: The number of samples of CPUUtilization (AWS/ECS) of ClusterName=platform, ServiceName=log-agent in periods of 1m. Each of the newest 5 datapoints is less than 12.
        "#]],
    );
}

#[test]
fn load_balancers_and_their_targets() {
    check(
        "ecs-fargate.yaml",
        CONTAINERS,
        &["LoadBalancer", "WebTargets", "ApiTargets"],
        &expect![[r#"
            shop-load-balancer-rejected ticket: The sum of RejectedConnectionCount (AWS/ApplicationELB) of LoadBalancer=${LoadBalancerLoadBalancerFullName} in periods of 1m. 3 of the newest 5 datapoints, in a row or not: a datapoint counts that is 1 or more.
            shop-load-balancer-server-errors page: `watched`: `IF((FILL(requests, 0) + FILL(errors, 0)) >= 10, 100 * FILL(errors, 0) / (FILL(requests, 0) + FILL(errors, 0)), 0)`, where `errors` is the sum of HTTPCode_ELB_5XX_Count (AWS/ApplicationELB) of LoadBalancer=${LoadBalancerLoadBalancerFullName} in periods of 1m; `requests` is the sum of RequestCount (AWS/ApplicationELB) of LoadBalancer=${LoadBalancerLoadBalancerFullName} in periods of 1m. Each of the newest 3 datapoints is 5 or more.
            shop-web-targets-latency ticket: `watched`: `IF(requests >= 10, slowest, 0)`, where `slowest` is the p99 of TargetResponseTime (AWS/ApplicationELB) of LoadBalancer=${LoadBalancerLoadBalancerFullName}, TargetGroup=${WebTargetsTargetGroupFullName} in periods of 1m; `requests` is the sum of RequestCount (AWS/ApplicationELB) of LoadBalancer=${LoadBalancerLoadBalancerFullName}, TargetGroup=${WebTargetsTargetGroupFullName} in periods of 1m. Each of the newest 5 datapoints is 5 or more.
            shop-web-targets-server-errors page: `watched`: `IF(requests >= 10, 100 * FILL(errors, 0) / requests, 0)`, where `errors` is the sum of HTTPCode_Target_5XX_Count (AWS/ApplicationELB) of LoadBalancer=${LoadBalancerLoadBalancerFullName}, TargetGroup=${WebTargetsTargetGroupFullName} in periods of 1m; `requests` is the sum of RequestCount (AWS/ApplicationELB) of LoadBalancer=${LoadBalancerLoadBalancerFullName}, TargetGroup=${WebTargetsTargetGroupFullName} in periods of 1m. Each of the newest 3 datapoints is 5 or more.
            shop-web-targets-unhealthy page: The highest UnHealthyHostCount (AWS/ApplicationELB) of LoadBalancer=${LoadBalancerLoadBalancerFullName}, TargetGroup=${WebTargetsTargetGroupFullName} in periods of 1m. Each of the newest 5 datapoints is 1 or more.
            shop-web-targets-failing page: The states of shop-web-targets-server-errors and shop-web-targets-unhealthy. shop-web-targets-unhealthy is in ALARM or shop-web-targets-server-errors is in ALARM.
            shop-api-targets-latency ticket: `watched`: `IF(requests >= 10, slowest, 0)`, where `slowest` is the p99 of TargetResponseTime (AWS/ApplicationELB) of LoadBalancer=${LoadBalancerLoadBalancerFullName}, TargetGroup=${ApiTargetsTargetGroupFullName} in periods of 1m; `requests` is the sum of RequestCount (AWS/ApplicationELB) of LoadBalancer=${LoadBalancerLoadBalancerFullName}, TargetGroup=${ApiTargetsTargetGroupFullName} in periods of 1m. Each of the newest 5 datapoints is 5 or more.
            shop-api-targets-server-errors page: `watched`: `IF(requests >= 10, 100 * FILL(errors, 0) / requests, 0)`, where `errors` is the sum of HTTPCode_Target_5XX_Count (AWS/ApplicationELB) of LoadBalancer=${LoadBalancerLoadBalancerFullName}, TargetGroup=${ApiTargetsTargetGroupFullName} in periods of 1m; `requests` is the sum of RequestCount (AWS/ApplicationELB) of LoadBalancer=${LoadBalancerLoadBalancerFullName}, TargetGroup=${ApiTargetsTargetGroupFullName} in periods of 1m. Each of the newest 3 datapoints is 5 or more.
            shop-api-targets-unhealthy page: The highest UnHealthyHostCount (AWS/ApplicationELB) of LoadBalancer=${LoadBalancerLoadBalancerFullName}, TargetGroup=${ApiTargetsTargetGroupFullName} in periods of 1m. Each of the newest 5 datapoints is 1 or more.
            shop-api-targets-failing page: The states of shop-api-targets-server-errors and shop-api-targets-unhealthy. shop-api-targets-unhealthy is in ALARM or shop-api-targets-server-errors is in ALARM.
        "#]],
    );
}

/// What a template does not decide is an empty cell, and said so.
#[test]
fn what_is_not_known_is_asked_for() {
    let problems = |name: &str, definitions: &str| {
        let found = follows_from(read(fixture(name)), definitions).expect_err("cells are empty");
        found.to_string()
    };
    let types = |definitions: &str| {
        definitions
            .split_once("types:")
            .map(|(_, rest)| format!("types:{rest}"))
    };
    let without = types(DATABASES).expect("there are types");
    expect![[r#"
        shop.yaml:26:3: Orders: no alarm for `restart`: RDS tells restarts as events (AWS::RDS::EventSubscription), and has no metric of them. Change the resource, or say why nobody wants to know: `resources: { Orders: { restart: { accepted: … } } }`
        shop.yaml:44:3: OrdersReplica: no alarm for `load`: its load is not measured: EnablePerformanceInsights. Change the resource, or say why nobody wants to know: `resources: { OrdersReplica: { load: { accepted: … } } }`
        shop.yaml:44:3: OrdersReplica: no alarm for `restart`: RDS tells restarts as events (AWS::RDS::EventSubscription), and has no metric of them. Change the resource, or say why nobody wants to know: `resources: { OrdersReplica: { restart: { accepted: … } } }`
        shop.yaml:51:3: Legacy: no alarm for `load`: its load is not measured: EnablePerformanceInsights. Change the resource, or say why nobody wants to know: `resources: { Legacy: { load: { accepted: … } } }`
        shop.yaml:51:3: Legacy: no alarm for `restart`: RDS tells restarts as events (AWS::RDS::EventSubscription), and has no metric of them. Change the resource, or say why nobody wants to know: `resources: { Legacy: { restart: { accepted: … } } }`
        shop.yaml:70:3: CatalogueWriter: no alarm for `connections`: its max_connections follow from nothing that the template says: give a threshold. Change the resource, or say why nobody wants to know: `resources: { CatalogueWriter: { connections: { accepted: … } } }`
        shop.yaml:70:3: CatalogueWriter: no alarm for `load`: the processors of its class are not known here: give a threshold. Change the resource, or say why nobody wants to know: `resources: { CatalogueWriter: { load: { accepted: … } } }`"#]].assert_eq(&problems("rds-databases.yaml", &without));
    let without = types(CONTAINERS).expect("there are types");
    expect![[r#"
        shop.yaml:78:3: Worker: no alarm for `deployment`: the cluster has no Container Insights, and without them a deployment that fails is an event only. Change the resource, or say why nobody wants to know: `resources: { Worker: { deployment: { accepted: … } } }`
        shop.yaml:86:3: Agent: no alarm for `deployment`: the cluster has no Container Insights, and without them a deployment that fails is an event only. Change the resource, or say why nobody wants to know: `resources: { Agent: { deployment: { accepted: … } } }`
        shop.yaml:86:3: Agent: no alarm for `tasks`: how many tasks shall run is not known, and the cluster has no Container Insights: give a threshold. Change the resource, or say why nobody wants to know: `resources: { Agent: { tasks: { accepted: … } } }`"#]].assert_eq(&problems("ecs-fargate.yaml", &without));
}
