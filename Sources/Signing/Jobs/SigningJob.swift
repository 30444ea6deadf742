package import Bitcoin
package import Bytes
package import ChainTypes
internal import Ethereum
internal import JSON
internal import Payments
internal import Payouts

/// What is to be signed, by what rules, and what it does: from reading a file to the signed one.
package struct SigningJob: Sendable {
  package let policy: ChainPolicy
  /// In the file's order.
  package let facts: [OutgoingFacts]
  private let work: Work

  private enum Work: Sendable {
    case batch(BatchHeading, [Item])
    case psbt(PSBT)
  }

  private struct Item: Sendable {
    let transaction: UnsignedTransaction
    let body: Body

    enum Body: Sendable {
      case bitcoin(PSBT)
      case ethereum(EthereumOffer, chainID: UInt64)
    }
  }

  /// Why nothing can even be judged.
  package enum Failure: Error, Equatable, Sendable {
    case unknownChain(ChainName)
    /// A lone transaction doesn't say which chain it is for: these could be.
    case ambiguousChain([ChainName])
    case notBitcoin(ChainName)
    case wrongChainID(UInt64?, expected: UInt64?)
    case psbt(String, PSBTError)
  }

  /// - Parameter chain: of a lone transaction, where the policy has several Bitcoin chains
  package init(
    _ input: SigningInput, policy: SigningPolicy, chain: ChainName? = nil
  ) throws(Failure) {
    switch input {
    case .psbt(let psbt):
      let (policy, network) = try Self.bitcoinChain(chain, policy)
      self.policy = policy
      facts = [
        OutgoingFacts(psbt, name: "PSBT", purpose: nil, policy: policy, network: network)
      ]
      work = .psbt(psbt)
    case .batch(let batch):
      let heading = batch.heading
      guard let policy = policy.chain(heading.chain) else { throw .unknownChain(heading.chain) }
      let expected = policy.spec.family.chainID
      guard heading.chainID == expected else {
        throw .wrongChainID(heading.chainID, expected: expected)
      }
      self.policy = policy
      var facts: [OutgoingFacts] = []
      var items: [Item] = []
      for transaction in batch.transactions {
        let item = try Self.item(transaction, expected)
        var read = try Self.facts(item, policy)
        read.compare(with: transaction.paymentsOut, policy: policy)
        facts.append(read)
        items.append(item)
      }
      self.facts = facts
      work = .batch(heading, items)
    }
  }

  private static func item(
    _ transaction: UnsignedTransaction, _ chainID: UInt64?
  ) throws(Failure) -> Item {
    switch (transaction.body, chainID) {
    case (.bitcoin(let bytes), _):
      do {
        return Item(transaction: transaction, body: .bitcoin(try PSBT(bytes: bytes)))
      } catch {
        throw .psbt("\(transaction.id)", error)
      }
    case (.ethereum(let offer), let chainID?):
      return Item(transaction: transaction, body: .ethereum(offer, chainID: chainID))
    case (.ethereum, nil): throw .wrongChainID(nil, expected: nil)
    }
  }

  private static func facts(_ item: Item, _ policy: ChainPolicy) throws(Failure) -> OutgoingFacts {
    let name = "\(item.transaction.id)"
    let purpose = item.transaction.purpose
    switch (item.body, policy.spec.family) {
    case (.bitcoin(let psbt), .bitcoin(let network)):
      return OutgoingFacts(psbt, name: name, purpose: purpose, policy: policy, network: network)
    case (.ethereum(let offer, _), .ethereum):
      return OutgoingFacts(offer, name: name, purpose: purpose, policy: policy)
    case (.bitcoin, .ethereum), (.ethereum, .bitcoin):
      throw .unknownChain(policy.spec.name)
    }
  }

  private static func bitcoinChain(
    _ name: ChainName?, _ policy: SigningPolicy
  ) throws(Failure) -> (ChainPolicy, BitcoinNetwork) {
    let chains = policy.chains.compactMap { chain -> (ChainPolicy, BitcoinNetwork)? in
      guard case .bitcoin(let network) = chain.spec.family else { return nil }
      return (chain, network)
    }
    guard let name else {
      guard let only = chains.first, chains.count == 1 else {
        throw .ambiguousChain(chains.map(\.0.spec.name))
      }
      return only
    }
    guard policy.chain(name) != nil else { throw .unknownChain(name) }
    guard let chain = chains.first(where: { $0.0.spec.name == name }) else {
      throw .notBitcoin(name)
    }
    return chain
  }
}

extension SigningJob {
  /// What is said of each transaction before it is signed.
  package var words: [String] {
    facts.flatMap { TransactionWords.lines($0, policy: policy) }
  }

  /// Why it may not be signed, each reason behind its transaction's name; empty where it may.
  ///
  /// - Parameter afterPause: whether somebody says that the clock is right, however long ago
  ///   something was signed
  package func refusals(
    record: SigningRecord, today: SigningRecord.Day, afterPause: Bool = false
  ) -> [String] {
    var refusals: [String] = []
    if let reason = Judgement.clockRefusal(record, today: today, afterPause: afterPause) {
      refusals.append(reason)
    }
    var record = record
    var users: [String: String] = [:]
    for facts in facts {
      for reason in Judgement.refusals(facts, policy: policy, record: record, today: today) {
        refusals.append("\(facts.name): \(reason)")
      }
      for slot in facts.slots {
        if let other = users.updateValue(facts.name, forKey: slot) {
          refusals.append(
            "\(facts.name): It uses \(slot), as \(other) does: one alone can be mined.")
        }
      }
      record.add(facts, coin: policy.spec.asset, on: today)
    }
    return refusals
  }

  /// The record with these transactions in it.
  package func noted(in record: SigningRecord, today: SigningRecord.Day) -> SigningRecord {
    var record = record
    record.removeEntries(before: today)
    for facts in facts { record.add(facts, coin: policy.spec.asset, on: today) }
    return record
  }

  /// The signed file's bytes: a batch for a batch, Base64 for a lone transaction. The caller has
  /// seen that there are no refusals.
  ///
  /// - Parameter random: 32 random bytes each time
  package func signed(
    by key: SigningKey, random: () -> Hash32
  ) throws(SigningKey.Failure) -> [UInt8] {
    switch work {
    case .psbt(let psbt):
      let signed = try key.sign(psbt, auxiliary: random())
      return Array((signed.base64 + "\n").utf8)
    case .batch(let heading, let items):
      var signed: [SignedTransaction] = []
      for item in items {
        switch item.body {
        case .bitcoin(let psbt):
          let transaction = try key.transaction(signing: psbt, auxiliary: random())
          signed.append(
            SignedTransaction(
              transaction: item.transaction, raw: transaction.bytes, txid: transaction.txid))
        case .ethereum(let offer, let chainID):
          let transaction = try key.transaction(signing: offer, chainID: chainID)
          signed.append(
            SignedTransaction(
              transaction: item.transaction, raw: transaction.encoded, txid: transaction.hash))
        }
      }
      return Array(SignedBatch(heading: heading, transactions: signed).json.indentedJSON.utf8)
    }
  }
}

extension SigningJob.Failure: CustomStringConvertible {
  package var description: String {
    func text(_ chainID: UInt64?) -> String { chainID.map { "\($0)" } ?? "none" }
    return switch self {
    case .unknownChain(let name): "the policy doesn't have the chain \(name)"
    case .ambiguousChain(let names) where names.isEmpty: "the policy has no Bitcoin chain"
    case .ambiguousChain(let names):
      "name the chain with --chain: " + names.map(\.text).joined(separator: ", ")
    case .notBitcoin(let name): "\(name) is no Bitcoin chain"
    case .wrongChainID(let found, let expected):
      "the batch's chain id is \(text(found)), the policy's \(text(expected))"
    case .psbt(let id, let error): "\(id) isn't a partially signed transaction: \(error)"
    }
  }
}
