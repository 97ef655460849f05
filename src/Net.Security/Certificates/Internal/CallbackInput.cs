namespace Net.Security.Internal;

/// <summary>An identity that the application gives.</summary>
internal sealed class CallbackInput(Func<CancellationToken, ValueTask<TlsIdentity>> load) : IdentityInput
{
    internal override IdentityReader CreateReader(CertificateSourceOptions options) => new Reader(load, options);

    private sealed class Reader(Func<CancellationToken, ValueTask<TlsIdentity>> load, CertificateSourceOptions options) : IdentityReader
    {
        private readonly TimeProvider _timeProvider = options.TimeProvider;
        private ObjectContent? _known;
        private CertificateSourceException? _failure;
        private long _askedAt;

        internal override string Description => "the identity that a callback gives";

        internal override bool IsAsync => true;

        internal override async ValueTask<IdentityContent> ReadAsync(bool isAsked, CancellationToken cancellationToken)
        {
            bool isDue = isAsked || (_known is null && _failure is null) || _timeProvider.GetElapsedTime(_askedAt) >= options.SlowInterval;
            if (isDue)
            {
                _askedAt = _timeProvider.GetTimestamp();
                try
                {
                    TlsIdentity identity = await load(cancellationToken).AsTask().WaitAsync(options.CallbackTimeout, _timeProvider, cancellationToken).ConfigureAwait(false)
                        ?? throw new InvalidOperationException("it gave null.");
                    _known = new ObjectContent(identity.Certificate, identity.Intermediates);
                    _failure = null;
                }
                catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
                {
                    _failure = new CertificateSourceException(CertificateFault.Unreadable, $"The callback that gives the identity failed with {exception.GetType().Name}: {exception.Message}", exception);
                }
            }

            return _failure is null ? _known! : throw _failure;
        }
    }
}
