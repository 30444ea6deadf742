/// The bodies that wait, and what a free connection takes next. First in, first out, but for the
/// bound on groups.
struct WorkQueue {
  /// What a connection does in one go.
  enum Work {
    case single(Job)
    case group([Job])
  }

  enum Admission {
    case queued
    case refused(waiting: Int)
    case closed
  }

  /// The order in which bodies came, over both queues.
  private struct Ticket {
    let number: Int
    let job: Job
  }

  private var singles = Fifo<Ticket>()
  private var grouped = Fifo<Ticket>()
  private var lastNumber = 0
  private var runningGroups = 0
  /// How many bodies these have.
  private var runningMembers = 0
  private(set) var isClosed = false

  private let waitingLimit: Int
  private let groupWriters: Int
  private let busyGroupWriters: Int
  private let busyCount: Int
  private let groupLimit: Int

  /// - Parameter size: how many connections there are
  init(_ options: PostgresOptions, size: Int) {
    waitingLimit = max(1, options.waitingLimit)
    groupWriters = min(max(1, options.groupWriters), max(1, size - 1))
    busyGroupWriters = min(max(1, options.busyGroupWriters), groupWriters)
    busyCount = options.busyCount
    groupLimit = max(1, options.groupLimit)
  }

  var count: Int { singles.count + grouped.count }

  /// How many connections would find something to do now.
  var runnable: Int { singles.count + (grouped.count > 0 && hasGroupWriter ? 1 : 0) }

  private var hasGroupWriter: Bool {
    let isBusy = grouped.count + runningMembers > busyCount
    return runningGroups < (isBusy ? busyGroupWriters : groupWriters)
  }

  mutating func add(_ job: Job) -> Admission {
    guard !isClosed else { return .closed }
    guard count < waitingLimit else { return .refused(waiting: count) }
    lastNumber += 1
    let ticket = Ticket(number: lastNumber, job: job)
    if job.kind == .grouped { grouped.append(ticket) } else { singles.append(ticket) }
    return .queued
  }

  /// What comes next; nil where nothing waits that may run now. After a group, `finishGroup`.
  mutating func next() -> Work? {
    let group = hasGroupWriter ? grouped.first : nil
    if let group, singles.first.map({ group.number < $0.number }) ?? true {
      let jobs = grouped.take(groupLimit).map(\.job)
      runningGroups += 1
      runningMembers += jobs.count
      return .group(jobs)
    }
    return singles.take(1).first.map { .single($0.job) }
  }

  mutating func finishGroup(of count: Int) {
    runningGroups -= 1
    runningMembers -= count
  }

  /// Refuses everything from now on.
  mutating func close() { isClosed = true }
}

/// A queue that takes from its front without moving the rest each time.
struct Fifo<Element> {
  private var elements: [Element] = []
  private var taken = 0

  var count: Int { elements.count - taken }

  var first: Element? { taken < elements.count ? elements[taken] : nil }

  mutating func append(_ element: Element) { elements.append(element) }

  /// The first ones, up to `limit`.
  mutating func take(_ limit: Int) -> [Element] {
    let end = min(elements.count, taken + max(0, limit))
    let front = Array(elements[taken..<end])
    taken = end
    if taken == elements.count {
      elements.removeAll(keepingCapacity: true)
      taken = 0
    } else if taken > 1_024, taken * 2 > elements.count {
      elements.removeFirst(taken)
      taken = 0
    }
    return front
  }
}
