/// How this process and other services' processes ask each other; with nothing of it, all that
/// this process needs it does itself, on its own database.
package struct ServiceSettings: Sendable, Equatable {
  /// Where this process answers others' calls (`services.listen`); nil where it doesn't.
  package let listen: Address?
  /// Who is asked for stock, for payments and for rates; nil for this process itself.
  package let supply: Address?
  package let payments: Address?
  package let prices: Address?
  /// With which processes know each other: the first is sent, each is taken. None where nobody is
  /// asked and nobody asks.
  package let tokens: [Secret]
  /// Nil where calls go unencrypted.
  package let tls: TLS?
  package let events: Events

  /// Where events of other services come from.
  package enum Events: String, Sendable, CaseIterable {
    /// This process's own database, which is theirs too.
    case database
    /// The brokers: each service has a database of its own.
    case kafka
  }

  package struct Address: Sendable, Equatable {
    package let host: String
    /// 0 for a free port, where one listens.
    package let port: UInt16

    package init(host: String, port: UInt16) {
      self.host = host
      self.port = port
    }
  }

  /// PEM files.
  package struct TLS: Sendable, Equatable {
    /// What is shown to those who ask here, and its key.
    package let certificate: String?
    package let key: String?
    /// Whose certificates are trusted; nil for the system's.
    package let authority: String?
  }
}
