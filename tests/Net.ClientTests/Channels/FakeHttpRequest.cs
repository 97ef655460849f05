using Net.Http3;

namespace Net.ClientTests.Channels;

/// <summary>A request that came to a fake session.</summary>
/// <param name="Message">What was sent.</param>
/// <param name="EndPoint">Where to.</param>
/// <param name="Observer">To be told of the end.</param>
internal sealed record FakeHttpRequest(HttpRequestMessage Message, ChannelEndPoint EndPoint, HttpCallObserver Observer);
