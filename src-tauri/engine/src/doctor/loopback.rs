//! Whether an address of this host reaches itself: listens, connects, says a byte each way.

use std::io;
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A firewall that drops packets says nothing; this tells it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Tries one address.
///
/// # Errors
/// What failed, in a few words.
pub(super) async fn reaches_itself(address: IpAddr) -> Result<(), String> {
    match tokio::time::timeout(PATIENCE, exchange(address)).await {
        Ok(done) => done.map_err(|error| say(&error)),
        Err(_) => Err("it is not answered, as if a firewall dropped it".to_owned()),
    }
}

async fn exchange(address: IpAddr) -> io::Result<()> {
    let listener = TcpListener::bind((address, 0)).await?;
    let port = listener.local_addr()?.port();
    let (accepted, connected) =
        tokio::try_join!(listener.accept(), TcpStream::connect((address, port)))?;
    let (mut here, mut there) = (accepted.0, connected);
    there.write_all(b"?").await?;
    let mut byte = [0];
    here.read_exact(&mut byte).await?;
    here.write_all(b"!").await?;
    there.read_exact(&mut byte).await?;
    Ok(())
}

fn say(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrNotAvailable => "this machine does not have the address".to_owned(),
        io::ErrorKind::Unsupported => "this machine does not have the address family".to_owned(),
        io::ErrorKind::NetworkUnreachable => "the loopback interface is down".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[tokio::test]
    async fn loopback_reaches_itself_and_a_foreign_address_does_not() {
        assert_eq!(reaches_itself(Ipv4Addr::LOCALHOST.into()).await, Ok(()));
        // Reserved for documentation: no machine has it.
        let foreign = reaches_itself(Ipv4Addr::new(192, 0, 2, 1).into()).await;
        assert_eq!(
            foreign,
            Err("this machine does not have the address".to_owned())
        );
    }
}
