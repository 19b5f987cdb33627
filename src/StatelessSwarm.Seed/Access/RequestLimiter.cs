using System.Net;
using System.Threading.RateLimiting;

namespace StatelessSwarm.Seed.Access;

/// <summary>A bucket of requests for every client host. Thread safe.</summary>
internal sealed class RequestLimiter(int burst, int perSecond) : IDisposable
{
    private readonly PartitionedRateLimiter<IPAddress> _limiter = PartitionedRateLimiter.Create<IPAddress, IPAddress>(client =>
        RateLimitPartition.GetTokenBucketLimiter(
            client,
            _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = burst,
                TokensPerPeriod = perSecond,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                QueueLimit = 0,
            }
        )
    );

    /// <summary>False when the client has used its share up.</summary>
    public bool TryAdmit(HttpContext context)
    {
        using var lease = _limiter.AttemptAcquire(ClientAddress.HostOf(context.Connection.RemoteIpAddress));
        return lease.IsAcquired;
    }

    /// <inheritdoc/>
    public void Dispose() => _limiter.Dispose();
}
