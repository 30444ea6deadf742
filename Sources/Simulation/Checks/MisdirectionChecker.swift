/// Sees that money which reached a payment's address on another chain, or in another asset, is
/// told, and nothing else as that.
struct MisdirectionChecker {
  private var told: Set<String> = []
  /// Rows that moved something, by what they were when they did: a reorg may change it.
  private var misdirected: Set<String> = []

  private static let standing: Set = ["included", "confirmed", "final"]

  mutating func learn(_ new: [EventChecker.Event], _ stored: StoredState) {
    for event in new where event.type == "transfer.misdirected" { told.insert(event.subject) }
    let owners = Dictionary(
      stored.addresses.compactMap { address in
        address.payment.map { (Address(family: address.family, ordinal: address.ordinal), $0) }
      }, uniquingKeysWith: { first, _ in first })
    let payments = Dictionary(
      stored.payments.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for (_, chain) in stored.chains {
      guard let family = chain.cursor?.family else { continue }
      for row in chain.transfers
      where Self.standing.contains(row.state) && !stored.isFunding(row) {
        guard let id = owners[Address(family: family, ordinal: row.ordinal)],
          let payment = payments[id]
        else { continue }
        if payment.chain != row.chain || payment.contract != row.contract {
          misdirected.insert(row.id)
        }
      }
    }
  }

  private struct Address: Hashable {
    let family: String
    let ordinal: Int64
  }

  func check(_ findings: inout Findings) {
    for id in misdirected.subtracting(told) {
      findings.require(false, promise: 4, "\(id) went astray, and nobody was told")
    }
    for id in told.subtracting(misdirected) {
      findings.require(false, promise: 4, "\(id) was told to have gone astray, and hasn't")
    }
  }
}
