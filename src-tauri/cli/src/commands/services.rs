//! `benchtop start|stop|restart|rebuild`: one service at a time, and nothing else.

use crate::arguments::{Services, Which};
use crate::connection;
use crate::exit::{Code, Failure};
use benchtop_api::schema::{
    ServiceRebuildRequest, ServiceRestartRequest, ServiceStartRequest, ServiceStopRequest,
    ServiceUsePortRequest,
};

pub(crate) async fn start(
    which: &Which,
    services: &[String],
    with_dependencies: bool,
    use_port: Option<(u16, u16)>,
) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    for service in services {
        if let Some((port, instead)) = use_port {
            let request = ServiceUsePortRequest {
                environment: connection.environment.clone(),
                service: service.clone(),
                port,
                instead,
            };
            connection.client.call(&request).await?;
            continue;
        }
        let request = ServiceStartRequest {
            environment: connection.environment.clone(),
            service: service.clone(),
            with_dependencies,
        };
        connection.client.call(&request).await?;
    }
    Ok(Code::Fine)
}

pub(crate) async fn stop(arguments: &Services) -> Result<Code, Failure> {
    let connection = connection::open(&arguments.environment).await?;
    for service in &arguments.services {
        let request = ServiceStopRequest {
            environment: connection.environment.clone(),
            service: service.clone(),
        };
        connection.client.call(&request).await?;
    }
    Ok(Code::Fine)
}

pub(crate) async fn restart(arguments: &Services) -> Result<Code, Failure> {
    let connection = connection::open(&arguments.environment).await?;
    for service in &arguments.services {
        let request = ServiceRestartRequest {
            environment: connection.environment.clone(),
            service: service.clone(),
        };
        connection.client.call(&request).await?;
    }
    Ok(Code::Fine)
}

pub(crate) async fn rebuild(arguments: &Services) -> Result<Code, Failure> {
    let connection = connection::open(&arguments.environment).await?;
    for service in &arguments.services {
        let request = ServiceRebuildRequest {
            environment: connection.environment.clone(),
            service: service.clone(),
        };
        connection.client.call(&request).await?;
    }
    Ok(Code::Fine)
}
