internal import Glibc
internal import Synchronization

/// Finds the addresses of hosts.
package protocol HostResolver: Sendable {
  /// All addresses of the name, at least one. Ends soon after its task is cancelled.
  func addresses(of host: String) async throws(HostResolutionError) -> [IPAddress]
}

package enum HostResolutionError: Error, Equatable, Sendable {
  /// As the system says it.
  case failed(String)
  /// So many names are being looked up that another can't be.
  case busy
  case cancelled
}

/// The system's resolver (`getaddrinfo`), on a thread for each name that is being looked up. Those
/// who ask for the same name at once share one, so that a name whose servers hang holds up itself.
package final class SystemResolver: HostResolver {
  private typealias Waiter = CheckedContinuation<
    Result<[IPAddress], HostResolutionError>, Never
  >

  private struct State {
    var nextID: UInt64 = 0
    var waiters: [String: [UInt64: Waiter]] = [:]
    /// Those whose task was cancelled before they waited.
    var cancelled: Set<UInt64> = []
  }

  private let state = Mutex(State())
  private let limit: Int
  private let look: @Sendable (String) -> Result<[IPAddress], HostResolutionError>

  /// - Parameters:
  ///   - limit: how many names are looked up at once
  ///   - look: blocks until it has an answer
  package init(
    limit: Int = 64,
    look: @escaping @Sendable (String) -> Result<[IPAddress], HostResolutionError> =
      SystemResolver.system
  ) {
    self.limit = limit
    self.look = look
  }

  package func addresses(of host: String) async throws(HostResolutionError) -> [IPAddress] {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in wait(for: host, id, waiter) }
    } onCancel: {
      let waiter = state.withLock { state -> Waiter? in
        if let waiter = state.waiters[host]?.removeValue(forKey: id) { return waiter }
        state.cancelled.insert(id)
        return nil
      }
      waiter?.resume(returning: .failure(.cancelled))
    }
    _ = state.withLock { $0.cancelled.remove(id) }
    return try result.get()
  }

  private enum Step {
    case wait, start
    case refuse(HostResolutionError)
  }

  private func wait(for host: String, _ id: UInt64, _ waiter: Waiter) {
    let step = state.withLock { state -> Step in
      guard !state.cancelled.contains(id) else { return .refuse(.cancelled) }
      let isNew = state.waiters[host] == nil
      if isNew, state.waiters.count >= limit { return .refuse(.busy) }
      state.waiters[host, default: [:]][id] = waiter
      return isNew ? .start : .wait
    }
    switch step {
    case .wait: break
    case .refuse(let error): waiter.resume(returning: .failure(error))
    case .start: start(host)
    }
  }

  private func start(_ host: String) {
    let isStarted = DetachedThread.run { [self] in finish(host, look(host)) }
    if !isStarted { finish(host, .failure(.busy)) }
  }

  private func finish(_ host: String, _ result: Result<[IPAddress], HostResolutionError>) {
    let waiters = state.withLock { $0.waiters.removeValue(forKey: host) ?? [:] }
    for waiter in waiters.values { waiter.resume(returning: result) }
  }

  /// `getaddrinfo`, for stream sockets.
  package static let system: @Sendable (String) -> Result<[IPAddress], HostResolutionError> = {
    host in
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, &hints, &list)
    guard status == 0 else {
      return .failure(.failed(String(cString: gai_strerror(status))))
    }
    defer { freeaddrinfo(list) }
    var found: [IPAddress] = []
    var entry = list
    while let current = entry {
      if let address = address(current.pointee), !found.contains(address) {
        found.append(address)
      }
      entry = current.pointee.ai_next
    }
    return found.isEmpty ? .failure(.failed("it has no address")) : .success(found)
  }

  private static func address(_ entry: addrinfo) -> IPAddress? {
    guard let socket = UnsafeRawPointer(entry.ai_addr) else { return nil }
    switch entry.ai_family {
    case AF_INET:
      let address = socket.loadUnaligned(as: sockaddr_in.self).sin_addr
      return withUnsafeBytes(of: address) { IPAddress(bytes: Array($0)) }
    case AF_INET6:
      let address = socket.loadUnaligned(as: sockaddr_in6.self).sin6_addr
      return withUnsafeBytes(of: address) { IPAddress(bytes: Array($0)) }
    default: return nil
    }
  }
}

/// A thread that nobody waits for.
enum DetachedThread {
  private final class Work {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// False where the system gives none.
  static func run(_ body: @escaping @Sendable () -> Void) -> Bool {
    var thread = pthread_t()
    let work = Unmanaged.passRetained(Work(body))
    let status = pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, work.toOpaque())
    guard status == 0 else {
      work.release()
      return false
    }
    pthread_detach(thread)
    return true
  }
}
