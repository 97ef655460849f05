using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Net.Server.Kestrel;

/// <summary>What a TLS callback sees of a connection whose handshake has just begun: its addresses. Nothing that is set on it outlives the handshake.</summary>
internal sealed class HandshakeContext : BaseConnectionContext, IConnectionIdFeature, IConnectionItemsFeature
{
    private readonly FeatureCollection _features = new();

    internal HandshakeContext(EndPoint local, EndPoint remote)
    {
        LocalEndPoint = local;
        RemoteEndPoint = remote;
        _features.Set<IConnectionIdFeature>(this);
        _features.Set<IConnectionItemsFeature>(this);
    }

    public override string ConnectionId { get; set; } = "handshake";

    public override IFeatureCollection Features => _features;

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override void Abort()
    {
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
    }
}
