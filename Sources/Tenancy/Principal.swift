package import Bytes

/// Who a request comes from.
package struct Principal: Sendable, Equatable {
  package enum Kind: Sendable {
    /// One of the tenant's programs, by an API key.
    case key
    /// A person, by a token.
    case token
  }

  package let tenant: String
  package let kind: Kind
  /// Of a token its `sub`; of a key the digits by which `payctl tenant key list` names it.
  package let subject: String
  /// Empty for a key: the routes say which of them take keys.
  package let roles: Set<UserRole>

  /// A program with the key of that digest.
  package init(tenant: String, keyDigest: Hash32) {
    self.tenant = tenant
    kind = .key
    subject = String(keyDigest.hex.prefix(12))
    roles = []
  }

  /// A person whom a token names.
  package init(tenant: String, subject: String, roles: Set<UserRole>) {
    self.tenant = tenant
    kind = .token
    self.subject = subject
    self.roles = roles
  }

  /// Who decided, as facts and documents tell it: a person by the token's subject, which is what
  /// the rule of two people compares; the tenant's programs together.
  package var by: String {
    switch kind {
    case .key: Self.programs + tenant
    case .token: subject
    }
  }

  /// How the tenant's programs are named. No person may be called so.
  private static let programs = "tenant:"

  /// What `by` fields hold.
  package static let maximumSubjectBytes = 128

  /// Whether `text` can name a person: people read it, and nothing else may be named so.
  package static func isValid(subject text: String) -> Bool {
    (1...maximumSubjectBytes).contains(text.utf8.count) && text.isPlain
      && !text.hasPrefix(programs)
  }
}

extension String {
  /// Whether two outside names are the same to the last byte. `==` takes canonically equivalent
  /// ones (`é` as one scalar or as two) for the same, which no database and no issuer of tokens
  /// does.
  package func isSameName(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
