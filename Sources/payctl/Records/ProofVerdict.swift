internal import Bytes

/// What saved pages of one payment's proofs show, in words, and what they don't.
struct ProofVerdict {
  private(set) var sentences: [String] = []
  /// Whether everything that the pages say stands in blocks is proved, and comes to what was due.
  private(set) var holds = true

  /// Throws where the pages can't be read, or aren't one payment's.
  ///
  /// - Parameter pinned: hashes of blocks that are known to be in the active chain; none where
  ///   nothing is known
  init(_ texts: [String], pinned: Set<String>) throws {
    let pages = try texts.enumerated().map { place, text in
      do {
        return try ProofCheck.page(text)
      } catch {
        throw CommandFailure("page \(place + 1) is no page of proofs: \(error)")
      }
    }
    guard let first = pages.first else { throw CommandFailure("there is no page of proofs") }
    guard pages.allSatisfy({ $0.isOfSamePayment(as: first) }) else {
      throw CommandFailure("the pages are of several payments, or say different things of one")
    }
    var check = ProofCheck()
    var failure: CommandFailure?
    do {
      for page in pages { try check.run(page) }
    } catch let error as CommandFailure {
      failure = error
    }
    tell(first)
    tell(check, first, pinned)
    if let failure { fail("\(failure)") }
    if let next = pages.last?.nextAfter {
      holds = false
      sentences.append("There are more transactions, behind \(next), which aren't in here.")
    }
    sentences.append(
      pinned.isEmpty
        ? "Not shown: that these blocks are in the active chain. Compare their hashes with a source "
          + "you trust, or give them with --header."
        : "The blocks were held against the hashes that were given.")
    sentences.append(
      "Not shown: the terms, and whose the address is. They are the service's word.")
  }

  private mutating func fail(_ sentence: String) {
    holds = false
    sentences.append("Doesn't hold: \(sentence).")
  }

  private mutating func tell(_ page: ProofCheck.Page) {
    let asset = page.asset + (page.contract.map { " (contract \($0))" } ?? "")
    sentences.append("Payment \(page.paymentId) on \(page.chain), to \(page.address), in \(asset).")
    guard let terms = page.terms else { return }
    sentences.append(
      "Said: \(terms.amount) \(page.asset) (\(terms.amountMinor) minor units) were due for order "
        + "\(terms.orderId), from \(terms.createdAt) to \(terms.expiresAt).")
  }

  private mutating func tell(
    _ check: ProofCheck, _ page: ProofCheck.Page, _ pinned: Set<String>
  ) {
    var sum = UInt256.zero
    var blocks: [String: InclusionCheck.Burial?] = [:]
    for proved in check.proved {
      sentences.append(
        "Proved: \(proved.txid) stands in block \(proved.blockHash) and brought "
          + "\(proved.amountMinor.decimal) minor units to the address.")
      blocks[proved.blockHash] = proved.burial
      sum = (try? sum.adding(proved.amountMinor)) ?? .max
    }
    for (block, burial) in blocks.sorted(by: { $0.key < $1.key }) {
      if let burial {
        sentences.append(
          "Proved: \(burial.above.count) more blocks stand on \(block), and it takes "
            + "\(burial.work.decimal) hashes on average to make such headers.")
      }
      // What a known block stands on is in its chain.
      let known = [block.lowercased()] + (burial?.above ?? [])
      if !pinned.isEmpty, pinned.isDisjoint(with: known) {
        fail("neither block \(block) nor one on top of it is among those that were given")
      }
    }
    for unproved in check.unproved {
      if unproved.isInBlock {
        fail("\(unproved.txid) is said to stand in a block, and has no proof")
      } else {
        sentences.append("Not proved: \(unproved.txid), which is said to stand in no block.")
      }
    }
    let due = page.terms.flatMap { try? UInt256(decimal: $0.amountMinor) }
    if let due, sum < due { holds = false }
    let comparison =
      due.map { due in
        if sum == due { return ", just what was due" }
        return sum < due
          ? ", \(due.subtractingOrZero(sum).decimal) less than was due"
          : ", \(sum.subtractingOrZero(due).decimal) more than was due"
      } ?? ""
    sentences.append(
      "In all \(sum.decimal) minor units are proved, in \(check.proved.count) transactions"
        + "\(comparison).")
  }
}

extension ProofCheck.Page {
  fileprivate func isOfSamePayment(as other: ProofCheck.Page) -> Bool {
    paymentId == other.paymentId && chain == other.chain && asset == other.asset
      && contract == other.contract && address == other.address
      && terms?.amountMinor == other.terms?.amountMinor
  }
}
