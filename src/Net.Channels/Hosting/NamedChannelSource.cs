using Net.Client;

namespace Net.Channels;

/// <summary>
/// Another channel of the container, which is made when calls first fall back to it or somebody asks for it: two channels may so fall back to each other.
/// </summary>
internal sealed class NamedChannelSource(string name, Func<ClientChannel> find, TimeProvider timeProvider) : LeaseSource
{
    private volatile LeaseSource? _found;

    public override TimeProvider TimeProvider => timeProvider;

    public override bool TryRent(ChannelProtocol protocol, in LeaseRequest request, out ChannelLease lease) => Find().TryRent(protocol, request, out lease);

    public override ValueTask<ChannelLease> RentAsync(ChannelProtocol protocol, LeaseRequest request, CancellationToken cancellationToken = default) =>
        Find().RentAsync(protocol, request, cancellationToken);

    private LeaseSource Find()
    {
        if (_found is { } found)
        {
            return found;
        }

        try
        {
            return _found = find().Pool;
        }
#pragma warning disable CA1031 // Whatever keeps the other channel from being made, the call has failed in the first place: it is reported as one that found nowhere to go.
        catch (Exception exception) when (exception is not TransportException)
#pragma warning restore CA1031
        {
            throw new TransportException(TransportError.NoEndPoint, $"The channel '{name}', which the call falls back to, cannot be made: {exception.Message}", exception);
        }
    }
}
