// What a life is told to do, and what it tells.
extension CustomerLife {
  /// Who does something in a process, and so who can die there.
  enum Worker: String, CaseIterable {
    /// Answers people, as the routes do.
    case desk
    /// Sends what people are told.
    case notifier
    case saga, consumer, watcher, sequencer
    /// Ends reservations.
    case expiry
    /// Derives addresses.
    case filler

    /// About how many statements it runs at a time.
    var statements: Int {
      switch self {
      case .sequencer: 1
      case .notifier, .expiry, .filler: 8
      case .desk, .saga, .consumer, .watcher: 24
      }
    }

    /// About how often it turns to the database at a time.
    var transactions: Int {
      switch self {
      case .expiry, .filler: 1
      case .desk, .notifier, .saga, .consumer, .watcher, .sequencer: 4
      }
    }

    /// Where it can die.
    var points: [FaultPoint] {
      switch self {
      case .desk, .saga: FaultPoint.ofServices
      case .consumer, .notifier, .watcher, .expiry, .filler:
        [.beforeStoreRead, .betweenStatements, .beforeCommit, .afterCommit]
      // It reads nothing without writing.
      case .sequencer: [.betweenStatements, .beforeCommit, .afterCommit]
      }
    }
  }

  /// On what money moves.
  package enum Ground: String, Sendable {
    case script, chains
  }

  /// All ways in which somebody can die: by worker and point.
  package static let deaths = Worker.allCases.flatMap { worker in
    worker.points.map { "\(worker.rawValue) \($0)" }
  }

  package struct Statistics: Sendable {
    /// By worker and point.
    package var kills: [String: Int] = [:]
    package var restarts = 0
    /// How often the database failed a process that lived on.
    package var failures = 0
    package var reorgs = 0
    /// How often an order was held.
    package var held = 0
    package var events = 0
    package var eventTypes: [String: Int] = [:]
    /// How the orders ended.
    package var statuses: [String: Int] = [:]
    package var attention: [String: Int] = [:]
    package var cancellations: [String: Int] = [:]
    package var payments: [String: Int] = [:]
    package var claims: [String: Int] = [:]
    /// What has become of what people were to be told, by channel.
    package var news: [String: Int] = [:]
    /// How often something arrived again, because nobody had heard that it was taken.
    package var repetitions = 0
    package var wrongCodes = 0
    /// What the services refused people, by the word of the refusal.
    package var refusals: [String: Int] = [:]
    /// A digest of all events in their order: equal for equal lives.
    package var digest: UInt64 = 0xcbf2_9ce4_8422_2325
  }

  /// A promise that was broken, with all that is needed to see it again.
  package struct Failure: Error, CustomStringConvertible {
    package let seed: UInt64
    package let customers: Int
    package let ground: Ground
    package let step: Int
    package let reasons: [String]
    package let journal: [String]

    package var description: String {
      """
      the life of seed \(seed) with \(customers) customers on \(ground) fails at step \(step):
      \(reasons.joined(separator: "\n"))
      after:
      \(journal.suffix(25).joined(separator: "\n"))
      replay: PAYWATCH_SEED=\(seed) PAYWATCH_CUSTOMERS=\(customers) PAYWATCH_GROUND=\(ground) swift test --filter CustomerLifeTests
      """
    }
  }
}

/// What is promised to shops and their customers.
enum ShopPromise: String {
  case stock = "stock is never negative and never leaked"
  case prepared = "no order is prepared without money"
  case claims = "no claim is taken twice or without its code"
  case truth = "everyone is told the truth"
  case money = "money is conserved from order to ledger"
  case streams = "events have no gaps and rows are what their facts make"
  case ends = "everything comes to an end"
}

/// What the checkers have found so far.
struct ShopFindings {
  private(set) var reasons: [String] = []

  mutating func require(
    _ holds: Bool, _ promise: ShopPromise, _ what: @autoclosure () -> String
  ) {
    if !holds, reasons.count < 20 { reasons.append("\(promise.rawValue): \(what())") }
  }

  func expectNone() throws {
    if !reasons.isEmpty { throw CustomerLife.Broken(reasons: reasons) }
  }
}
