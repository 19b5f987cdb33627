using StatelessSwarm.Content.Values;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Trust;

namespace StatelessSwarm.Seed.Access;

/// <summary>
/// Keeps the server's list of those who are out in step with the repository: looks every second. A list that cannot be read, or that too
/// few have signed, changes nothing.
/// </summary>
internal sealed partial class RevocationWatch : IAsyncDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly SwarmIdentity _identity;
    private readonly Func<IReadOnlySet<Sha256Digest>> _read;
    private readonly AuditLog _audit;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private string? _trouble;

    private RevocationWatch(SwarmIdentity identity, Func<IReadOnlySet<Sha256Digest>> read, AuditLog audit, TimeProvider time, ILogger logger)
    {
        _identity = identity;
        _read = read;
        _audit = audit;
        _logger = logger;
        identity.Revoked += Tell;
        _loop = WatchAsync(time, _stop.Token);
    }

    /// <summary>Starts to look.</summary>
    public static RevocationWatch Start(SwarmIdentity identity, Func<IReadOnlySet<Sha256Digest>> read, AuditLog audit, TimeProvider time, ILogger logger) =>
        new(identity, read, audit, time, logger);

    /// <summary>Stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _identity.Revoked -= Tell;
        _stop.Dispose();
    }

    private async Task WatchAsync(TimeProvider time, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(LookInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
                Look();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // the way this loop ends
        }
    }

    private void Look()
    {
        try
        {
            _identity.Revoke(_read());
            _trouble = null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or TrustException)
        {
            if (_trouble != fault.Message)
                LogUnreadable(_trouble = fault.Message);
        }
    }

    private void Tell(object? sender, EventArgs arguments) => _audit.RevocationsTaken(_identity.RevokedCount);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the revocation list is not taken: {Reason}")]
    private partial void LogUnreadable(string reason);
}
