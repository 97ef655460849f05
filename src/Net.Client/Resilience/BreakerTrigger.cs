namespace Net.Client;

/// <summary>Why a circuit breaker changed its state.</summary>
public enum BreakerTrigger
{
    /// <summary>It never did.</summary>
    None = 0,

    /// <summary>So many calls in a row failed: <see cref="CircuitBreakerOptions.ConsecutiveFailures"/>.</summary>
    ConsecutiveFailures,

    /// <summary>So large a share of the calls in the window failed: <see cref="CircuitBreakerOptions.FailureRatio"/>.</summary>
    FailureRatio,

    /// <summary>A probe failed.</summary>
    ProbeFailed,

    /// <summary>The open time was over and a call asked.</summary>
    OpenTimeOver,

    /// <summary>Enough probes succeeded: <see cref="CircuitBreakerOptions.SuccessesToClose"/>.</summary>
    ProbesSucceeded,

    /// <summary><see cref="CircuitBreaker.Isolate"/> or <see cref="CircuitBreaker.Reset"/>.</summary>
    Manual,
}
