using Net.Client;
using Net.Http3;

namespace Net.Channels;

/// <summary>Gives an attempt's lease back when its response was read to the end, given up, or failed, and says how that went.</summary>
internal sealed class HttpCallEnd(HttpCall call, ChannelLease lease) : HttpCallObserver
{
    private const int Ended = 1;
    private const int Answered = 2;

    private int _parts;
    private Exception? _failure;
    private HttpResponseMessage? _response;

    public override void OnEnded(Exception? failure)
    {
        _failure = failure;
        Pass(Ended);
    }

    /// <summary>There is a response: its end is the lease's. Without one the call's runner completes the lease.</summary>
    internal void Answer(HttpResponseMessage response)
    {
        _response = response;
        Pass(Answered);
    }

    private void Pass(int part)
    {
        if ((Interlocked.Or(ref _parts, part) | part) == (Ended | Answered))
        {
            lease.Complete(HttpVerdicts.OutcomeAtEnd(call, _response!, _failure));
        }
    }
}
