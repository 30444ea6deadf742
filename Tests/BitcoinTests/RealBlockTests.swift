import Bytes
import ChainTypes
import Testing

@testable import Bitcoin

@Suite("Real blocks")
struct RealBlockTests {
  @Test(
    "scanner and decoder see in a block what Bitcoin Core sees, output by output",
    arguments: RealBlock.listed)
  func agreesWithBitcoinCore(_ real: RealBlock) throws {
    let bytes = try real.bytes()
    let listed = try ListedTransaction.all(of: real)
    let scanned = try BlockScanner.scan(
      bytes.span.bytes, expecting: real.blockHash(), network: real.network,
      verification: real.verification, watching: WatchAll())
    let block = try Block.verified(
      bytes: bytes.span.bytes, expecting: real.blockHash(), network: real.network,
      verification: real.verification)
    #expect(scanned.transactionCount == listed.count)
    #expect(scanned.byteCount == bytes.count)
    #expect(scanned.header == block.header)
    #expect(scanned.matches.map(\.txid) == listed.map(\.txid))
    #expect(scanned.matches.map(\.wtxid) == listed.map(\.wtxid))
    #expect(scanned.matches.map(\.index) == listed.indices.map { UInt32($0) })
    #expect(scanned.matches.map(\.isCoinbase) == listed.indices.map { $0 == 0 })
    #expect(scanned.matches.map(\.inputs) == listed.map(\.inputs))
    #expect(scanned.matches.map(\.outputs) == listed.map(\.outputs))

    #expect(block.transactions.map(\.txid) == listed.map(\.txid))
    #expect(block.transactions.map(\.wtxid) == listed.map(\.wtxid))
    #expect(block.transactions.map(\.bytes.count) == listed.map(\.size))
    #expect(block.transactions.map(\.weight) == listed.map(\.weight))
    #expect(block.transactions.map(\.vsize) == listed.map(\.vsize))
    #expect(block.bytes == bytes)
  }

  @Test(
    "small blocks of every network verify, and decode to their own bytes",
    arguments: RealBlock.small)
  func small(_ real: RealBlock) throws {
    let bytes = try real.bytes()
    let scanned = try BlockScanner.scan(
      bytes.span.bytes, expecting: real.blockHash(), network: real.network,
      verification: real.verification, watching: WatchAll())
    let block = try Block(bytes: bytes)
    #expect(scanned.hash == block.hash)
    #expect(block.bytes == bytes)
    let everything = WatchSome(
      scripts: Set(block.transactions.flatMap(\.outputs).map(\.scriptPubKey)))
    #expect(scanned.matches == everything.matches(in: block))
    let proved = try BlockScanner.scan(
      bytes.span.bytes, expecting: real.blockHash(), network: real.network,
      verification: real.verification, proving: true, watching: WatchAll())
    #expect(proved.matches == everything.matches(in: block, proving: true))
    for match in proved.matches {
      #expect(try match.proof?.verify(root: proved.header.merkleRoot) == match.txid)
    }
  }

  @Test("a chain of 206 regtest blocks verifies, link by link")
  func regtest() throws {
    let rules = HeaderRules(.regtest)
    var window: HeaderWindow?
    for bytes in try RealBlock.regtest() {
      let scanned = try BlockScanner.scan(
        bytes.span.bytes, expecting: nil, network: .regtest, watching: WatchNothing())
      #expect(scanned.matches.isEmpty)
      #expect(try Block(bytes: bytes).bytes == bytes)
      if let known = window {
        let verdict = try rules.check(scanned.header, on: known)
        #expect(verdict.hash == scanned.hash)
        #expect(verdict.target == .checked)
        window?.append(scanned.header, hash: verdict.hash)
      } else {
        window = HeaderWindow(scanned.header, at: 1)
      }
    }
    #expect(window?.parent.height == 206)
  }

  @Test("a scan finds what is watched, by script and by spent outpoint, and nothing else")
  func selective() throws {
    let bytes = try RealBlock.segwit.bytes()
    let block = try Block(bytes: bytes)
    var generator = SplitMix64(seed: 1)
    for _ in 0..<50 {
      let scripts = block.transactions.flatMap(\.outputs).map(\.scriptPubKey)
      let outpoints = block.transactions.dropFirst().flatMap(\.inputs).map(\.outpoint)
      let watching = WatchSome(
        scripts: Set(scripts.filter { _ in Int.random(in: 0..<8, using: &generator) == 0 }),
        outpoints: Set(outpoints.filter { _ in Int.random(in: 0..<12, using: &generator) == 0 }))
      for verification in [BlockVerification.full, .alreadyVerified] {
        let scanned = try BlockScanner.scan(
          bytes.span.bytes, expecting: nil, network: .mainnet, verification: verification,
          watching: watching)
        #expect(scanned.matches == watching.matches(in: block))
        let proved = try BlockScanner.scan(
          bytes.span.bytes, expecting: nil, network: .mainnet, verification: verification,
          proving: true, watching: watching)
        #expect(
          proved.matches == watching.matches(in: block, proving: verification == .full))
      }
    }
  }

  @Test("a loose transaction matches as it does in its block")
  func loose() throws {
    let block = try Block(bytes: RealBlock.segwit.bytes())
    for transaction in block.transactions.dropFirst() {
      let byScript = WatchSome(scripts: [transaction.outputs[0].scriptPubKey])
      let bySpend = WatchSome(outpoints: [transaction.inputs[0].outpoint])
      for watching in [byScript, bySpend] {
        let match = try TransactionScanner.scan(
          transaction.bytes.span.bytes, watching: watching
        ).match
        #expect(match != nil)
        #expect(match == watching.matches(transaction))
      }
      let other = WatchSome(
        outpoints: [Outpoint(txid: transaction.inputs[0].outpoint.txid, vout: 99)])
      let scanned = try TransactionScanner.scan(transaction.bytes.span.bytes, watching: other)
      #expect(scanned.txid == transaction.txid)
      #expect(scanned.match == nil)
    }
  }
}
