//! A connection to one broker: requests in, answers out, one after the other.

use super::Error;
use bytes::{Bytes, BytesMut};
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{
    ApiVersionsRequest, RequestHeader, ResponseHeader, SaslAuthenticateRequest,
    SaslHandshakeRequest,
};
use kafka_protocol::protocol::{
    Decodable as _, Encodable as _, HeaderVersion as _, Request, StrBytes,
};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The number of the first request. It comes back in the answer and, other than a
/// small number, in no greeting of another program.
const FIRST: i32 = 0x6265_6e63;

/// No answer that is asked for here is longer: a cluster of 50 000 partitions
/// describes itself in 4 MiB.
const MOST: usize = 4 * 1024 * 1024;

/// Bytes that say how long a request is.
const LENGTH: usize = 4;

/// Bytes of a request's header, at the most.
const HEADER: usize = 64;

/// Whether a broker's answer to the first request can begin so.
#[must_use]
pub fn begins_like(first: &[u8]) -> bool {
    let short = first.first().is_none_or(|byte| *byte == 0);
    let id = first.get(4..).unwrap_or_default();
    let id = &id[..id.len().min(4)];
    short && FIRST.to_be_bytes().starts_with(id)
}

/// See the module.
#[derive(Debug)]
pub struct Connection<S> {
    stream: S,
    /// Request → the versions that the broker knows.
    versions: BTreeMap<i16, (i16, i16)>,
    next: i32,
}

/// A request that is on its way.
#[derive(Debug)]
pub struct Sent<R> {
    id: i32,
    version: i16,
    of: PhantomData<fn() -> R>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Greets the broker over a stream that is open, and learns what it knows.
    ///
    /// # Errors
    /// When the stream breaks or the other side is no broker.
    pub async fn open(stream: S) -> Result<Self, Error> {
        let mut connection = Self {
            stream,
            versions: BTreeMap::new(),
            next: FIRST,
        };
        // The one request whose oldest version every broker answers.
        let request = ApiVersionsRequest::default();
        let answer = connection.exchange(&request, 0).await?;
        check(answer.error_code)?;
        let ranges = answer.api_keys.iter();
        connection.versions = ranges
            .map(|range| (range.api_key, (range.min_version, range.max_version)))
            .collect();
        Ok(connection)
    }

    /// Logs in with a name and a password (SASL PLAIN).
    ///
    /// # Errors
    /// When the listener wants no login, or another one, or refuses this one.
    pub async fn login(&mut self, user: &str, password: &str) -> Result<(), Error> {
        let mut hello = SaslHandshakeRequest::default();
        hello.mechanism = StrBytes::from_static_str("PLAIN");
        let answer = self.ask(&hello).await?;
        match ResponseError::try_from_code(answer.error_code) {
            None => {}
            Some(ResponseError::UnsupportedSaslMechanism) => {
                let offered: Vec<&str> = answer.mechanisms.iter().map(|m| m.as_str()).collect();
                return Err(Error::Mechanism(offered.join(", ")));
            }
            Some(error) => return Err(Error::Refused(error)),
        }
        let mut login = SaslAuthenticateRequest::default();
        login.auth_bytes = Bytes::from(format!("\0{user}\0{password}"));
        let answer = self.ask(&login).await?;
        match ResponseError::try_from_code(answer.error_code) {
            None => Ok(()),
            Some(error) => {
                let said = answer.error_message.filter(|text| !text.is_empty());
                let said = said.map_or_else(|| error.to_string(), |text| text.to_string());
                Err(Error::Login(said))
            }
        }
    }

    /// The newest version of a request that both sides know.
    #[must_use]
    pub fn version<R: Request>(&self) -> Option<i16> {
        let (least, most) = *self.versions.get(&R::KEY)?;
        let version = most.min(R::VERSIONS.max);
        (version >= least.max(R::VERSIONS.min)).then_some(version)
    }

    /// Sends a request and waits for its answer, as long as it takes.
    ///
    /// # Errors
    /// When the broker does not know it, or the connection breaks.
    pub async fn ask<R: Request>(&mut self, request: &R) -> Result<R::Response, Error> {
        let version = self.version::<R>().ok_or(Error::Unknown(R::KEY))?;
        self.exchange(request, version).await
    }

    /// The same, in no newer version than this: newer ones of some requests name topics
    /// by another name than their own.
    ///
    /// # Errors
    /// As [`Connection::ask`].
    pub async fn ask_at_most<R: Request>(
        &mut self,
        request: &R,
        most: i16,
    ) -> Result<R::Response, Error> {
        let sent = self.send(request, most).await?;
        self.receive(sent).await
    }

    /// Sends a request, and leaves its answer to [`Connection::receive`]. Answers come
    /// in the order of the requests.
    ///
    /// # Errors
    /// When the broker does not know it, or the connection breaks.
    pub async fn send<R: Request>(&mut self, request: &R, most: i16) -> Result<Sent<R>, Error> {
        let version = self.version::<R>().ok_or(Error::Unknown(R::KEY))?;
        self.write(request, version.min(most)).await
    }

    /// Waits for the answer to the oldest request that was sent.
    ///
    /// # Errors
    /// When the connection breaks, or the answer belongs to another request.
    pub async fn receive<R: Request>(&mut self, sent: Sent<R>) -> Result<R::Response, Error> {
        let mut answer = self.frame().await?;
        let header = R::Response::header_version(sent.version);
        let header = ResponseHeader::decode(&mut answer, header).map_err(|_| Error::Malformed)?;
        if header.correlation_id != sent.id {
            return Err(Error::Malformed);
        }
        R::Response::decode(&mut answer, sent.version).map_err(|_| Error::Malformed)
    }

    async fn exchange<R: Request>(
        &mut self,
        request: &R,
        version: i16,
    ) -> Result<R::Response, Error> {
        let sent = self.write(request, version).await?;
        self.receive(sent).await
    }

    async fn write<R: Request>(&mut self, request: &R, version: i16) -> Result<Sent<R>, Error> {
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        let frame = encode(request, version, id)?;
        self.stream.write_all(&frame).await?;
        self.stream.flush().await?;
        Ok(Sent {
            id,
            version,
            of: PhantomData,
        })
    }

    async fn frame(&mut self) -> Result<Bytes, Error> {
        let length = i64::from(self.stream.read_i32().await?);
        let bytes = usize::try_from(length).ok().filter(|bytes| *bytes <= MOST);
        let bytes = bytes.ok_or(Error::TooLong(length))?;
        let mut frame = vec![0; bytes];
        self.stream.read_exact(&mut frame).await?;
        Ok(frame.into())
    }
}

/// The error that a code stands for.
pub(super) fn check(code: i16) -> Result<(), Error> {
    ResponseError::try_from_code(code).map_or(Ok(()), |error| Err(Error::Refused(error)))
}

/// Length, header and request.
fn encode<R: Request>(request: &R, version: i16, id: i32) -> Result<Bytes, Error> {
    let mut header = RequestHeader::default();
    header.request_api_key = R::KEY;
    header.request_api_version = version;
    header.correlation_id = id;
    header.client_id = Some(StrBytes::from_static_str("benchtop"));
    // A request may be megabytes long, which are not copied once more for each doubling.
    let body = request.compute_size(version).unwrap_or_default();
    let mut frame = BytesMut::with_capacity(LENGTH + HEADER + body);
    frame.extend_from_slice(&[0; LENGTH]);
    let coded = header
        .encode(&mut frame, R::header_version(version))
        .and_then(|()| request.encode(&mut frame, version));
    coded.map_err(|_| Error::Malformed)?;
    let length = u32::try_from(frame.len() - LENGTH).map_err(|_| Error::Malformed)?;
    frame[..LENGTH].copy_from_slice(&length.to_be_bytes());
    Ok(frame.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::messages::MetadataRequest;
    use kafka_protocol::messages::api_versions_response::{ApiVersion, ApiVersionsResponse};
    use tokio::io::DuplexStream;

    /// Takes one request and answers it with this.
    async fn answer(stream: &mut DuplexStream, id: i32, response: &ApiVersionsResponse) {
        let length = stream.read_u32().await.expect("a request");
        let mut request = vec![0; length as usize];
        stream.read_exact(&mut request).await.expect("its bytes");
        let mut body = BytesMut::new();
        body.extend_from_slice(&id.to_be_bytes());
        response.encode(&mut body, 0).expect("encode");
        let length = u32::try_from(body.len()).expect("short");
        stream.write_u32(length).await.expect("answer");
        stream.write_all(&body).await.expect("answer");
    }

    fn knows(least: i16, most: i16) -> ApiVersionsResponse {
        let mut range = ApiVersion::default();
        range.api_key = MetadataRequest::KEY;
        (range.min_version, range.max_version) = (least, most);
        let mut response = ApiVersionsResponse::default();
        response.api_keys.push(range);
        response
    }

    #[tokio::test]
    async fn the_newest_version_that_both_know_is_used() {
        for (least, most, expected) in [(0, 7, Some(7)), (4, 99, Some(13)), (98, 99, None)] {
            let (ours, mut theirs) = tokio::io::duplex(1024);
            let knows = knows(least, most);
            let (connection, ()) =
                tokio::join!(Connection::open(ours), answer(&mut theirs, FIRST, &knows));
            let connection = connection.expect("a connection");
            assert_eq!(connection.version::<MetadataRequest>(), expected);
        }
    }

    #[tokio::test]
    async fn an_answer_to_another_request_is_not_taken() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let knows = knows(0, 1);
        let (connection, ()) = tokio::join!(Connection::open(ours), answer(&mut theirs, 1, &knows));
        assert!(matches!(connection, Err(Error::Malformed)));
    }

    #[tokio::test]
    async fn an_endless_answer_and_none_at_all_are_refused() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        theirs.write_u32(0x4854_5450).await.expect("HTTP");
        assert!(matches!(
            Connection::open(ours).await,
            Err(Error::TooLong(0x4854_5450))
        ));
        let (ours, theirs) = tokio::io::duplex(1024);
        drop(theirs);
        assert!(matches!(Connection::open(ours).await, Err(Error::Closed)));
    }

    #[test]
    fn only_a_broker_begins_so() {
        assert!(begins_like(b"\0\0\x02\0benc\0\0") && begins_like(b"\0\0") && begins_like(b""));
        assert!(!begins_like(b"HTTP") && !begins_like(b"J\0\0\0\n8.0"));
        assert!(!begins_like(b"\0\0\x1e\x04\0\0\0\0\0"), "HTTP/2");
    }
}
