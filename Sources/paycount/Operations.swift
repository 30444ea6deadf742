internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Digests
internal import Ethereum
internal import EventLog
internal import Foundation
internal import JSON
internal import Keys
internal import Payments

/// The hot paths, in the order in which they are counted.
struct Operations {
  let vectors: URL

  func all() throws -> [Operation] {
    let all = try [
      lookUp(), lookUps(), blockScan(), headerHash(), address(), keccak(), logs(), trieRoot(),
      jsonSkip(), paymentStep(), event(),
    ]
    // Field arithmetic that isn't optimised takes minutes to count.
    return Thresholds.build == "release" ? all + [try addresses()] : all
  }

  // MARK: Watching

  private static let scripts = (0..<2_000).map { index in
    [0x00, 0x14] + Array(SHA256.hash([UInt8(index & 0xff), UInt8(index >> 8)]).hex.utf8.prefix(20))
  }

  private func watchSet() -> WatchSet {
    var set = WatchSet(key: (1, 2))
    for (index, script) in Self.scripts.prefix(1_000).enumerated() {
      set.insert(script: script, ordinal: UInt64(index + 1))
    }
    return set
  }

  /// Half of the scripts are watched.
  private func lookUp() -> Operation {
    let (set, size) = (watchSet(), 22)
    let scripts = Self.scripts.flatMap(\.self)
    let count = scripts.count / size
    return Operation(name: "watch set, look-up", units: count) {
      let bytes = scripts.span.bytes
      var found = 0
      for start in stride(from: 0, to: bytes.byteCount, by: size) {
        if set.contains(bytes.extracting(start..<start + size)) { found += 1 }
      }
      precondition(found == count / 2, "the first half is watched")
    }
  }

  /// The same, all at once.
  private func lookUps() -> Operation {
    let (set, size) = (watchSet(), 22)
    let scripts = Self.scripts.flatMap(\.self)
    let ranges = stride(from: 0, to: scripts.count, by: size).map {
      UInt32($0)..<UInt32($0 + size)
    }
    return Operation(name: "watch set, look-up beside others", units: ranges.count) {
      let found = set.find(ranges.span, in: scripts.span.bytes)
      precondition(found.count == ranges.count / 2, "the first half is watched")
    }
  }

  private struct Watched: OutputWatching, AddressWatching {
    let scripts: WatchSet

    func watches(spending outpoint: Outpoint) -> Bool { false }
    var watchesInputs: Bool { false }
    func watches(_ address: EthereumAddress) -> Bool { false }
  }

  // MARK: Bitcoin

  private func blockScan() throws -> Operation {
    let block = try bytes("blocks/mainnet-482683.raw")
    let watched = Watched(scripts: watchSet())
    let count = try Block(bytes: block).transactions.count
    return Operation(name: "block scan, transaction", units: count) {
      let bytes = block
      let scanned = try BlockScanner.scan(
        bytes.span.bytes, expecting: nil, network: .mainnet, verification: .full, watching: watched)
      precondition(scanned.matches.isEmpty, "a real block, and nothing in it is watched")
    }
  }

  private func headerHash() throws -> Operation {
    let block = try bytes("blocks/mainnet-482683.raw")
    let header = try BlockHeader(bytes: block.span.bytes.extracting(0..<80))
    return Operation(name: "Bitcoin header's hash", units: 1) {
      precondition(header.hash != header.previousBlockHash, "a block isn't its own parent")
    }
  }

  /// BIP-0084's published account.
  private func descriptor() throws -> Descriptor {
    try Descriptor(
      accountKey:
        "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs",
      network: .mainnet, branch: 0)
  }

  private func address() throws -> Operation {
    let descriptor = try descriptor()
    return Operation(name: "P2WPKH address from an xpub", units: 8) {
      for index in 0..<8 {
        let address = try descriptor.address(at: UInt32(index))
        precondition(address.text.utf8.count == 42, "the version and 20 bytes")
      }
    }
  }

  private func addresses() throws -> Operation {
    let descriptor = try descriptor()
    // As many as a batch has at least: fewer are derived one by one.
    let count = 256
    return Operation(name: "P2WPKH addresses from an xpub, 256 at once", units: count) {
      let addresses = try descriptor.addresses(at: 0..<UInt32(count), by: .batched)
      precondition(addresses.count == count, "every index has its place")
    }
  }

  // MARK: EVM

  private func keccak() -> Operation {
    let bytes = [UInt8](repeating: 0x5a, count: 136 * 16 - 1)
    return Operation(name: "Keccak-256, 136 bytes", units: 16) {
      precondition(Keccak256.hash(bytes) != .zero, "no preimage of zero is known")
    }
  }

  private func receipts() throws -> [[String: Any]] {
    let data = Data(try bytes("ethereum/mainnet/receipts-21925176.json"))
    guard let receipts = try JSONSerialization.jsonObject(with: data) as? [[String: Any]] else {
      throw CountingFailure("the receipts aren't as they were")
    }
    return Array(receipts.prefix(40))
  }

  private func json(_ value: Any) throws -> [UInt8] {
    [UInt8](try JSONSerialization.data(withJSONObject: value, options: .sortedKeys))
  }

  private func logs() throws -> Operation {
    let logs = try receipts().flatMap { $0["logs"] as? [Any] ?? [] }
    let (answer, watched) = (try json(logs), Watched(scripts: watchSet()))
    return Operation(name: "EVM log decoded", units: logs.count) {
      let bytes = answer
      let claimed = try ClaimedTransfer.all(in: bytes.span.bytes, watching: watched)
      precondition(claimed.logCount == logs.count, "every log is read")
    }
  }

  private func trieRoot() throws -> Operation {
    let items = TrieItems(
      try receipts().map {
        let bytes = try json($0)
        return try EthereumReceipt(json: bytes.span.bytes).encoded
      })
    let root = TrieRoot.root(of: items)
    return Operation(name: "receipts root, receipt", units: 40) {
      precondition(TrieRoot.root(of: items) == root, "the same receipts have the same root")
    }
  }

  private func jsonSkip() throws -> Operation {
    let text = try json(try receipts())
    return Operation(name: "JSON stepped over, kB", units: text.count / 1_000) {
      var reader = JSONReader(text)
      let range = try reader.skipValue()
      precondition(range.count == text.count, "it is one value")
    }
  }

  // MARK: Payments

  private func payment() throws -> Payment {
    guard let chain = ChainName("bitcoin") else { throw CountingFailure("bitcoin is a name") }
    let time = Timestamp(microseconds: 1_800_000_000_000_000)
    return Payment(
      terms: PaymentTerms(
        id: "pay_01", tenant: "shop", orderID: "order-1", chain: chain, asset: .btc,
        amount: 150_000, tolerance: .zero, createdAt: time, expiresAt: time.adding(seconds: 900),
        confirmations: 1, finality: 6, latePolicy: .hold, ordinal: 1,
        address: "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu", region: "eu", metadata: nil))
  }

  /// A payment's money is seen, in a block, and final.
  private func paymentStep() throws -> Operation {
    let payment = try payment()
    let time = payment.terms.createdAt
    let block = BlockRef(height: 800_000, hash: SHA256.hash([1]))
    let id = TransferID(
      chain: payment.terms.chain, txid: SHA256.hash([2]), position: .vout(0))
    let facts = [PaymentTransfer.State.seen, .included, .confirmed, .final].map { state in
      PaymentFact.observed([
        PaymentTransfer(
          id: id, value: 150_000, state: state, block: state == .seen ? nil : block,
          firstSeen: time, blockTime: state == .seen ? nil : time)
      ])
    }
    return Operation(name: "payment, one fact", units: facts.count) {
      var payment = payment
      for fact in facts { _ = try payment.apply(fact) }
      precondition(payment.status == .settled, "all of it is final")
    }
  }

  private func event() throws -> Operation {
    let terms = try payment().terms
    let event = CloudEvent(
      id: SHA256.hash([3]), type: "payment.paid", subject: terms.id, sequence: 3,
      tenant: terms.tenant, time: terms.createdAt,
      data: #"{"id":"pay_01","status":"paid","amount":"0.00150000"}"#)
    return Operation(name: "event as JSON", units: 1) {
      var bytes: [UInt8] = []
      event.appendJSON(to: &bytes)
      precondition(bytes.last == UInt8(ascii: "}"), "an object")
    }
  }

  private func bytes(_ path: String) throws -> [UInt8] {
    let file = vectors.appending(path: path)
    guard let data = try? Data(contentsOf: file) else {
      throw CountingFailure("\(file.path) can't be read; see --vectors")
    }
    return [UInt8](data)
  }
}

struct CountingFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
