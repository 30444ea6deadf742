import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import Testing

@Suite("Simulated blocks")
struct BlockValidityTests {
  private struct WatchOne: OutputWatching, ScriptSet {
    let script: [UInt8]
    var scripts: WatchOne { self }
    var watchesInputs: Bool { false }
    func contains(_ script: RawSpan) -> Bool { [UInt8](copying: script) == self.script }
    func watches(spending outpoint: Outpoint) -> Bool { false }
  }

  /// The machine's own chain up to a block.
  private struct Branch: HeaderAncestry {
    let machine: ChainMachine
    let parent: BlockRef

    func ancestor(at height: UInt32) -> AncestorHeader? {
      machine.block(at: height).map { AncestorHeader($0.header) }
    }
  }

  @Test("the chain begins with regtest's genesis block")
  func genesis() throws {
    let node = try makeNode()
    #expect(
      node.tip.hash.displayHex
        == "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206")
  }

  @Test("every block meets the header rules and the scanner's checks")
  func validity() throws {
    let node = try makeNode(blocks: 110)
    for value in 1...5 { try node.pay(script(7), value: UInt64(value) * 10_000) }
    try node.mine()
    let machine = node.machine
    let rules = HeaderRules(.regtest)
    for height in 1...machine.tip.height {
      let block = try #require(machine.block(at: height))
      let parent = try #require(machine.block(at: height - 1))
      let branch = Branch(
        machine: machine, parent: BlockRef(height: height - 1, hash: parent.hash))
      #expect(try rules.check(block.header, on: branch).hash == block.hash)
      let bytes = block.bytes
      let scanned = try BlockScanner.scan(
        bytes.span.bytes, expecting: block.hash, network: .regtest,
        watching: WatchOne(script: script(7)))
      #expect(scanned.matches.count == (height == machine.tip.height ? 5 : 0))
    }
  }

  @Test("blocks of a real regtest node are accepted")
  func realBlocks() throws {
    let node = try makeNode()
    for (index, line) in try vectorLines("blocks/regtest.hex.txt").enumerated() {
      let block = try Block(bytes: Hex.decode(line))
      #expect(node.accept(block) == .connected)
      #expect(node.tip == BlockRef(height: UInt32(index + 1), hash: block.hash))
    }
    #expect(node.tip.height == 206)
  }

  @Test("damaged blocks are refused with the reason that Bitcoin Core gives")
  func refusals() throws {
    let node = try makeNode(blocks: 101)
    try node.pay(script(1), value: 1_000)
    let other = node.copy(name: "other", seed: 2)
    let block = try #require(try other.mine().first).block

    var wrongRoot = block
    wrongRoot.header.merkleRoot = .zero
    _ = wrongRoot.header.findNonce()
    #expect(node.accept(wrongRoot) == .invalid("bad-txnmrklroot"))

    var greedy = block
    greedy.transactions[0].outputs[0].value += 1
    greedy.header.merkleRoot = greedy.merkleRoot
    _ = greedy.header.findNonce()
    #expect(node.accept(greedy) == .invalid("bad-txns"))
    #expect(node.tip.height == 101)

    var orphan = block
    orphan.header.previousBlockHash = .zero
    #expect(node.accept(orphan) == .missingParent(.zero))

    #expect(node.accept(block) == .connected)
    #expect(node.accept(block) == .known)
  }

  @Test("the same seed leads to the same tip, another seed to another")
  func determinism() throws {
    func tip(seed: UInt64) throws -> BlockRef {
      let node = try makeNode(seed: seed, blocks: 105)
      let paid = try node.pay(script(1), value: 5_000)
      try node.pay(script(2), value: 6_000)
      try node.replace(paid.txid, paying: [])
      try node.mine(2)
      try node.fork(depth: 1, blocks: 2)
      return node.tip
    }
    #expect(try tip(seed: 1) == tip(seed: 1))
    #expect(try tip(seed: 1) != tip(seed: 2))
  }

  @Test("header times follow the clock, and go on where it stands still or back")
  func time() throws {
    let node = try makeNode(blocks: 1)
    #expect(node.machine.tip.header.time == testTime)
    node.setTime(testTime - 10_000_000)
    try node.mine(12)
    let machine = node.machine
    #expect(machine.tip.header.time > machine.genesis.header.time)
    for height in 1...machine.tip.height {
      let block = try #require(machine.block(at: height))
      let parent = try #require(machine.block(at: height - 1))
      #expect(block.header.time > parent.medianTime)
    }
  }
}
