//! Fixed ports that another program holds, and what is used in their place until
//! the run ends. The file of the user stays as it is.

use super::{HostPort, Plan};
use serde::{Deserialize, Serialize};

/// An endpoint that uses another port than the file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Whose it is.
    pub service: String,
    /// Its name.
    pub endpoint: String,
    /// The port of the file.
    pub from: u16,
    /// The port that is used.
    pub to: u16,
}

impl Plan {
    /// Gives the endpoint of a service that has the fixed port `from` the port
    /// `to`. `false` where there is none.
    pub fn move_port(&mut self, service: &str, from: u16, to: u16) -> bool {
        let Some(spec) = self.services.get_mut(service) else {
            return false;
        };
        let mut endpoints = spec.endpoints.iter_mut();
        let Some(endpoint) = endpoints.find(|e| e.port == HostPort::Fixed(from)) else {
            return false;
        };
        endpoint.port = HostPort::Fixed(to);
        let name = endpoint.name.clone();
        let earlier = self.moved.iter_mut();
        let mut same = earlier.filter(|m| m.service == service && m.endpoint == name);
        match same.next() {
            Some(moved) => moved.to = to,
            None => self.moved.push(Moved {
                service: service.to_owned(),
                endpoint: name,
                from,
                to,
            }),
        }
        true
    }

    /// The same moves as in another plan, where the endpoints are still as they
    /// were.
    pub fn move_like(&mut self, other: &Self) {
        for moved in &other.moved {
            self.move_port(&moved.service, moved.from, moved.to);
        }
    }

    /// Takes all moves back. `false` where there are none.
    pub fn put_back(&mut self) -> bool {
        let moved = std::mem::take(&mut self.moved);
        for Moved {
            service,
            endpoint,
            from,
            to,
        } in &moved
        {
            let spec = self.services.get_mut(service);
            let endpoints = spec.into_iter().flat_map(|spec| &mut spec.endpoints);
            for own in endpoints.filter(|own| own.name == *endpoint) {
                if own.port == HostPort::Fixed(*to) {
                    own.port = HostPort::Fixed(*from);
                }
            }
        }
        !moved.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use crate::file::load_alone;
    use crate::plan::{HostPort, Plan};

    fn plan(port: u16) -> Plan {
        let text = format!("services: {{a: {{process: x, endpoints: {{http: {port}}}}}}}");
        load_alone(&text).plan.expect("a plan")
    }

    #[test]
    fn a_port_moves_and_comes_back() {
        let file = plan(5001);
        let mut moved = file.clone();
        assert!(!moved.move_port("a", 9, 10), "no such port");
        assert!(!moved.move_port("b", 5001, 10), "no such service");
        assert!(moved.move_port("a", 5001, 5002));
        assert!(moved.move_port("a", 5002, 5003), "that one was taken, too");
        assert_eq!(moved.services["a"].endpoints[0].port, HostPort::Fixed(5003));
        let mut again = file.clone();
        again.move_like(&moved);
        assert_eq!(again, moved, "the file was read anew");
        assert!(moved.put_back());
        assert_eq!(moved, file);
        assert!(!moved.put_back());
    }

    #[test]
    fn what_the_file_says_anew_counts() {
        let mut moved = plan(5001);
        moved.move_port("a", 5001, 5002);
        let mut other = plan(6000);
        other.move_like(&moved);
        assert_eq!(other, plan(6000));
    }
}
