using StatelessSwarm.Seed.Access;
using StatelessSwarm.Seed.Hosting;
using StatelessSwarm.Seed.Status;

namespace StatelessSwarm.Seed.Tracking;

/// <summary>
/// <c>GET /announce</c> and <c>GET /scrape</c>. A refusal is 200 with a bencoded <c>failure reason</c>, as clients expect;
/// a client that asks too often gets the same with 429 and Retry-After.
/// </summary>
internal sealed class TrackerEndpoint : IDisposable
{
    private const string ContentType = "text/plain; charset=utf-8";

    private readonly SwarmRegistry _registry;
    private readonly TrackerOptions _options;
    private readonly SeedCounters _counters;
    private readonly RequestLimiter _limiter;

    /// <summary>Serves <paramref name="registry"/>.</summary>
    public TrackerEndpoint(SwarmRegistry registry, TrackerOptions options, SeedCounters counters)
    {
        _registry = registry;
        _options = options;
        _counters = counters;
        _limiter = new RequestLimiter(options.RequestBurst, options.RequestsPerSecond);
    }

    /// <summary>Answers an announce.</summary>
    public Task AnnounceAsync(HttpContext context)
    {
        if (!_limiter.TryAdmit(context))
            return RefuseAsync(context);
        if (TrackerQuery.TryReadAnnounce(context.Request.QueryString.Value, out var request) is { } fault)
            return FailAsync(context, fault);
        if (context.Connection.RemoteIpAddress is not { } client)
            return FailAsync(context, "the connection has no address");
        if (!_registry.TryAnnounce(request!, client, context.Connection.LocalIpAddress, out var reply))
            return FailAsync(context, "info_hash: no release of this repository");
        _counters.AnnounceAnswered();
        return WriteAsync(context, TrackerReply.Announce(reply, request!, _options));
    }

    /// <summary>Answers a scrape.</summary>
    public Task ScrapeAsync(HttpContext context)
    {
        if (!_limiter.TryAdmit(context))
            return RefuseAsync(context);
        var query = context.Request.QueryString.Value;
        if (TrackerQuery.TryReadScrape(query, _options.MaxScrapeHashes, out var hashes) is { } fault)
            return FailAsync(context, fault);
        return WriteAsync(context, TrackerReply.Scrape(_registry.Scrape(hashes)));
    }

    /// <inheritdoc/>
    public void Dispose() => _limiter.Dispose();

    private Task RefuseAsync(HttpContext context)
    {
        _counters.AnnounceLimited();
        context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        context.Response.Headers.RetryAfter = "10";
        return WriteAsync(context, TrackerReply.Failure("too many requests from this address"));
    }

    private Task FailAsync(HttpContext context, string reason)
    {
        _counters.AnnounceFailed();
        return WriteAsync(context, TrackerReply.Failure(reason));
    }

    private static Task WriteAsync(HttpContext context, byte[] body)
    {
        context.Response.Headers.CacheControl = "no-store";
        return PlainResponse.WriteAsync(context, ContentType, body);
    }
}
