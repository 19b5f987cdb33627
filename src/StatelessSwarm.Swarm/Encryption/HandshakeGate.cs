namespace StatelessSwarm.Swarm.Encryption;

/// <summary>
/// Bounds what encrypted handshakes of others cost: one is computed at a time, and no more than <see cref="PerSecond"/>. A storm of them
/// then takes a few percent of one core, and plaintext peers do not notice; those that wait too long are ended by their time-out.
/// </summary>
internal sealed class HandshakeGate(TimeProvider time) : IDisposable
{
    /// <summary>Handshakes computed per second in the long run; each takes two modular powers, together 0.9 ms on our test machine.</summary>
    public const int PerSecond = 50;

    /// <summary>Handshakes that may come at once after a quiet time.</summary>
    public const int Burst = 32;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _nextAt = long.MinValue;

    /// <summary>Computes when it is its turn.</summary>
    public async Task RunAsync(Action work, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            var interval = time.TimestampFrequency / PerSecond;
            var now = time.GetTimestamp();
            _nextAt = Math.Max(_nextAt, now - (Burst - 1) * interval);
            if (_nextAt > now)
                await Task.Delay(time.GetElapsedTime(now, _nextAt), time, cancellation);
            _nextAt += interval;
            work();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();
}
