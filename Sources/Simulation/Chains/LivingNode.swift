internal import Bytes
internal import ChainSim
internal import ChainTypes

/// Money for an address, however it is paid.
struct Bill {
  /// The address's script; on EVM chains the account's 20 bytes.
  let recipient: [UInt8]
  let asset: Asset
  /// In as many transfers.
  let amounts: [UInt64]
  /// Someone else, who may be paid at once, and how much.
  let other: (recipient: [UInt8], amount: UInt64)?
}

/// A node of a simulated chain and what those around it do there: payers, miners, saboteurs. Each
/// act says what was done; nil where there was nothing to do.
protocol LivingNode: NetworkedNode, SimulatedNode {
  var name: String { get }
  var tip: BlockRef { get }
  /// The block that this node calls final; nil where depth alone decides.
  var finalized: BlockRef? { get }

  /// Tells all blocks and transactions that it knows.
  func teach(_ truth: inout ChainTruth)

  /// What an account has at the tip by the node's own books; nil where coins are outputs.
  func balance(of account: [UInt8], contract: String) -> UInt256?

  func pay(_ bill: Bill, _ truth: inout ChainTruth, _ random: inout SplitMix64) -> String?

  /// Something else takes the place of a transaction that waits, or gets in its way.
  func interfere(_ truth: inout ChainTruth, _ random: inout SplitMix64) -> String?

  /// Transactions that wait are forgotten here; those given as text at all nodes.
  func evict(_ random: inout SplitMix64) -> (text: String, everywhere: Hash32?)?

  func forget(_ transaction: Hash32)

  func mine(_ random: inout SplitMix64) -> String?

  /// Makes all that waits and can stand in a block stand in one.
  func mineEverything()

  /// Whether the last `depth` blocks hold what somebody sent.
  func holdsPayments(inLast depth: UInt32) -> Bool

  /// Another branch takes the place of the last `depth` blocks, which may leave transactions out or
  /// have others take their effect.
  func reorganise(_ depth: UInt32, _ random: inout SplitMix64) -> String?

  /// Calls a block up to `height` final, where that is said by hand.
  func finalise(upTo height: UInt32, _ random: inout SplitMix64) -> String?

  /// Becomes as `other`, whatever it had called final before.
  func resync(from other: Self)

  @discardableResult
  func inject(_ fault: Fault) -> UInt64
  func removeAllFaults()

  /// Faults that any number of nodes may have at once.
  func faults() -> [Fault.Kind]

  /// Lies that nothing but other nodes can refute: more than one liar is beyond what is promised.
  ///
  /// - Parameter isAlone: whether no other node tells what calls moved, so that nothing tells of
  ///   those that it keeps to itself
  func lies(about recipient: [UInt8]?, isAlone: Bool) -> [Fault.Kind]
}
