internal import CCurl

/// A transfer under way, of whatever protocol. Lives on the transfer thread.
protocol RunningTransfer: AnyObject {
  var id: UInt64 { get }

  /// Sets all options of the handle; false where libcurl refuses one.
  func configure() -> Bool

  /// The handle no longer uses what it was given.
  func release()

  /// Tells who waits how the transfer ended, by libcurl's result and what its handle knows.
  func finish(_ code: CURLcode)

  /// The same where it didn't come to an end.
  func fail(_ error: HTTPClientError)
}

/// A transfer on its way to the thread, with who waits for it.
struct PendingTransfer: Sendable {
  let id: UInt64
  let work: Work

  enum Work: Sendable {
    case http(HTTPRequest, HTTPRequest.Continuation)
    case mail(MailSubmission, MailSubmission.Continuation)
  }

  func transfer(on handle: UnsafeMutableRawPointer) -> any RunningTransfer {
    switch work {
    case .http(let request, let continuation):
      Transfer(id: id, request, continuation, handle: handle)
    case .mail(let mail, let continuation):
      MailTransfer(id: id, mail, continuation, handle: handle)
    }
  }

  func fail(_ error: HTTPClientError) {
    switch work {
    case .http(_, let continuation): continuation.resume(returning: .failure(error))
    case .mail(_, let continuation): continuation.resume(returning: .failure(.transfer(error)))
    }
  }
}

extension HTTPRequest {
  typealias Continuation = CheckedContinuation<Result<HTTPResponse, HTTPClientError>, Never>
}

extension HTTPClientError {
  /// What libcurl's code says of a transfer with the server at `url`.
  init(_ code: CURLcode, at url: String) {
    let reason = curl_easy_strerror(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
    let text = "\(RedactedURL(url)): \(reason)"
    self =
      switch code {
      case CURLE_OPERATION_TIMEDOUT: .timedOut
      case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
        .connectionFailed(text)
      case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .invalidRequest(text)
      case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,
        CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
        CURLE_SSL_INVALIDCERTSTATUS, CURLE_USE_SSL_FAILED:
        .tls(text)
      default: .connectionLost(text)
      }
  }
}
