internal import Addresses
internal import Aggregates
package import Bytes
package import ChainTypes
internal import Database
internal import Digests
internal import Ethereum
package import Keys
internal import Payments

/// A day of the ledger, closed: what every account had at its end in UTC, as a text that an
/// operator signs. Each holds the digest of the one before.
package struct LedgerClose: Sendable, Hashable {
  /// `2026-11-21`.
  package let date: String
  /// Canonical JSON, the same for the same entries.
  package let document: String

  package init(date: String, document: String) {
    self.date = date
    self.document = document
  }

  /// SHA-256 of the document's text.
  package var digest: Hash32 { SHA256.hash(Array(document.utf8)) }

  package struct Signature: Sendable, Hashable {
    /// Whose it is said to be: an address with EIP-55's capitals.
    package let signer: String
    /// `0x` and 130 digits: r, s, and 27 or 28 (EIP-191's `personal_sign`).
    package let text: String

    package init(signer: String, text: String) {
      self.signer = signer
      self.text = text
    }
  }

  /// The key's signature over the document's text, as EIP-191 has it.
  package func signature(by key: PrivateKey) -> Signature {
    Signature(
      signer: EthereumAddress(key.publicKey).text,
      text: PersonalMessage.signature(of: Array(document.utf8), by: key))
  }

  /// Whether the signature is the signer's over this very text.
  package func isSigned(_ signature: Signature) -> Bool {
    guard let signer = try? EthereumAddress(signature.signer) else { return false }
    return PersonalMessage.signer(of: Array(document.utf8), signature: signature.text) == signer
  }
}

extension LedgerClose {
  /// What all entries up to the end of a day make.
  ///
  /// - Parameters:
  ///   - end: the day's end, exclusive
  ///   - previous: the close before; nil for the first
  static func make(
    date: String, end: Timestamp, previous: LedgerClose?, in connection: any SQLConnection
  ) throws -> LedgerClose {
    let start = previous.flatMap { CloseDate($0.date)?.end }
    // Of each entry since the close before, in order, with what came before it.
    var digest = SHA256.hash([])
    var sums: [LedgerPlace: LedgerSum] = [:]
    var entries = 0
    try LedgerRecords.eachEntry(
      from: Timestamp(microseconds: 0), before: end, in: connection
    ) { entry in
      entries += 1
      if start.map({ entry.recordedAt >= $0 }) ?? true {
        digest = SHA256.hash(digest.bytes + Array(try entry.canonicalText.utf8))
      }
      for posting in entry.postings {
        let place = LedgerPlace(
          tenant: entry.tenant, chain: entry.chain, contract: entry.contract,
          account: posting.account)
        sums[place, default: LedgerSum()].add(posting)
      }
    }
    var object = CanonicalObject()
    object.add(
      "balances",
      sums.sorted { $0.key.description < $1.key.description }.map { place, sum in
        var object = CanonicalObject(reserving: 200)
        object.add("account", place.account?.rawValue ?? "")
        object.add("chain", place.chain.text)
        if let contract = place.contract {
          object.add("contract", EthereumAddress(contract).text)
        }
        object.add("credit_minor", sum.credit)
        object.add("debit_minor", sum.debit)
        object.add("tenant", place.tenant)
        return object
      })
    object.add("date", date)
    object.add("entries", entries)
    object.add("entries_digest", digest.hex)
    object.add("format", "paywatch.close")
    if let previous { object.add("previous", previous.digest.hex) }
    object.add("version", 1)
    return LedgerClose(date: date, document: object.text)
  }
}

extension RecordedEntry {
  /// All of it, the same for the same entry.
  fileprivate var canonicalText: String {
    get throws {
      [
        subject, chain.text, contract?.hex ?? "", "\(number)", tenant, kind,
        try CanonicalJSON.text(postings), "\(recordedAt.microseconds)",
      ].joined(separator: "\n") + "\n"
    }
  }
}

/// A day as people write it.
package struct CloseDate: Sendable, Hashable {
  /// `2026-11-21`.
  package let text: String
  /// The moment behind its last one.
  package let end: Timestamp

  /// From `YYYY-MM-DD`; nil for anything else, and for days that no calendar has.
  package init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [4, 2, 2], let year = Int64(parts[0]),
      let month = Int64(parts[1]), let day = Int64(parts[2]), (1970...9998).contains(year),
      (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    // Days from the civil date, in eras of 400 years from 0000-03-01 (proleptic Gregorian).
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    let start = Timestamp(seconds: days * 86_400)
    // 30 February is another day's start.
    guard start.description.prefix(10) == text else { return nil }
    self.text = text
    end = start.adding(seconds: 86_400)
  }

  package var start: Timestamp { end.adding(seconds: -86_400) }
}
