/// One HTTP request.
package struct HTTPRequest: Sendable {
  package var method: Method
  /// `http` or `https`. May hold keys in its user info, path or query: show it only redacted.
  package var url: String
  package var headers: [HTTPHeader]
  package var body: [UInt8]
  /// For HTTP's basic authentication.
  package var credential: Credential?
  /// From start to the last byte of the answer.
  package var timeoutMilliseconds: Int
  /// A longer body ends the transfer before it is kept.
  package var maxResponseBytes: Int
  /// Whether of a longer body the beginning is kept, and the transfer counts as whole.
  package var keepsBeginning = false
  /// To which addresses a connection may go; any where it is nil.
  package var pin: AddressPin?

  package enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
  }

  package struct Credential: Equatable, Sendable {
    package let user: String
    package let password: String

    package init(user: String, password: String) {
      self.user = user
      self.password = password
    }
  }

  package init(
    method: Method = .get, url: String, headers: [HTTPHeader] = [], body: [UInt8] = [],
    credential: Credential? = nil, timeoutMilliseconds: Int, maxResponseBytes: Int
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.credential = credential
    self.timeoutMilliseconds = timeoutMilliseconds
    self.maxResponseBytes = maxResponseBytes
  }
}

/// The addresses of a URL's host, found beforehand: nobody is asked again, and no connection goes
/// elsewhere. A connection that was kept open may be used again, so whoever pins addresses does so
/// with each request to the host.
package struct AddressPin: Equatable, Sendable {
  /// As it stands in the URL; of IPv6 without the brackets.
  package let host: String
  package let port: UInt16
  package let addresses: [IPAddress]

  package init(host: String, port: UInt16, addresses: [IPAddress]) {
    self.host = host
    self.port = port
    self.addresses = addresses
  }

  /// As CURLOPT_RESOLVE takes it, to be forgotten like what was looked up; nil for a host that is
  /// an address itself.
  var entry: String? {
    guard IPAddress(host) == nil else { return nil }
    let texts = addresses.map { $0.isVersion4 ? $0.description : "[\($0)]" }
    return "+\(host):\(port):\(texts.joined(separator: ","))"
  }
}

package struct HTTPHeader: Equatable, Sendable {
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  /// Whether the header is one line: without a line break nothing can be smuggled in behind it.
  var isOneLine: Bool {
    !name.isEmpty && (name + value).utf8.allSatisfy { $0 != 0x0a && $0 != 0x0d && $0 != 0 }
  }
}

package struct HTTPResponse: Equatable, Sendable {
  package let status: Int
  /// In the order of arrival.
  package let headers: [HTTPHeader]
  package let body: [UInt8]

  /// The first header of that name, whatever its case.
  package func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }
}
