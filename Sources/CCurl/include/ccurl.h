// libcurl's variadic functions with fixed arguments, because Swift can't call variadic ones.
#pragma once

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

// What libcurl calls with a part of an answer's header or body; gives how much it took.
typedef size_t (*ccurl_receive)(char *bytes, size_t size, size_t count, void *context);

// What libcurl calls for the next part of what is sent; gives how much there was.
typedef size_t (*ccurl_send)(char *bytes, size_t size, size_t count, void *context);

CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value);
CURLcode ccurl_set_size(CURL *handle, CURLoption option, curl_off_t value);
// libcurl copies the text, except for CURLOPT_POSTFIELDS.
CURLcode ccurl_set_text(CURL *handle, CURLoption option, const char *text);
CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *pointer);
CURLcode ccurl_set_receive(CURL *handle, CURLoption option, ccurl_receive receive);
CURLcode ccurl_set_send(CURL *handle, CURLoption option, ccurl_send send);

// What libcurl calls before it connects to an address; gives a socket, or CURL_SOCKET_BAD for none.
typedef curl_socket_t (*ccurl_open)(
    void *context, curlsocktype purpose, struct curl_sockaddr *address);

CURLcode ccurl_set_open(CURL *handle, ccurl_open open, void *context);

// Copies an IPv4 or IPv6 address to `bytes`, which has room for 16; gives its length, 0 for others.
int ccurl_address_bytes(const struct curl_sockaddr *address, unsigned char *bytes);

// A socket as libcurl would open it; CURL_SOCKET_BAD where there is none.
curl_socket_t ccurl_open_socket(const struct curl_sockaddr *address);

CURLcode ccurl_get_long(CURL *handle, CURLINFO info, long *value);
CURLcode ccurl_get_size(CURL *handle, CURLINFO info, curl_off_t *value);

CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value);

// The next finished transfer: its handle and result. False when there is none.
int ccurl_multi_next_finished(CURLM *multi, CURL **handle, CURLcode *result);
