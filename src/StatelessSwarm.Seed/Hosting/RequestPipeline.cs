using System.Net.Sockets;
using Microsoft.AspNetCore.Http.Features;
using StatelessSwarm.Seed.Access;
using StatelessSwarm.Seed.Files;
using StatelessSwarm.Seed.Netboot;
using StatelessSwarm.Seed.Status;
using StatelessSwarm.Seed.Tracking;
using StatelessSwarm.Swarm.Identities;

namespace StatelessSwarm.Seed.Hosting;

/// <summary>What the server answers to: one switch over the raw path, as there is nothing to route by pattern.</summary>
internal sealed partial class RequestPipeline
{
    private const string NetbootPrefix = "/" + NetbootOptions.UrlPrefix;

    private readonly RepositoryFiles _files;
    private readonly TrackerEndpoint _tracker;
    private readonly SeedCounters _counters;
    private readonly Func<bool, StatusSnapshot> _status;
    private readonly NetbootFiles? _netboot;
    private readonly RequestLimiter _limiter;
    private readonly SwarmIdentity? _identity;
    private readonly EnrolmentEndpoint? _enrolment;
    private readonly ILogger _logger;

    /// <summary>Puts the answers together.</summary>
    /// <param name="files">Files of the repository.</param>
    /// <param name="tracker">The tracker.</param>
    /// <param name="counters">Counts requests.</param>
    /// <param name="status">Takes a snapshot, with the channels when told so.</param>
    /// <param name="netboot">Files for network boot, or null for none.</param>
    /// <param name="limiter">Bounds what one client may ask.</param>
    /// <param name="identity">Whose members alone are answered; null answers everybody.</param>
    /// <param name="enrolment">Makes members of those who have a token; null makes none.</param>
    /// <param name="logger">Where faults of this machine go.</param>
    public RequestPipeline(
        RepositoryFiles files,
        TrackerEndpoint tracker,
        SeedCounters counters,
        Func<bool, StatusSnapshot> status,
        NetbootFiles? netboot,
        RequestLimiter limiter,
        SwarmIdentity? identity,
        EnrolmentEndpoint? enrolment,
        ILogger logger
    )
    {
        _files = files;
        _tracker = tracker;
        _counters = counters;
        _status = status;
        _netboot = netboot;
        _limiter = limiter;
        _identity = identity;
        _enrolment = enrolment;
        _logger = logger;
    }

    /// <summary>Answers a request; never throws.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            await AnswerAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // the client has gone
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SocketException)
        {
            if (context.RequestAborted.IsCancellationRequested)
                return;
            LogFailed(context.Request.Path, exception.Message);
            if (context.Response.HasStarted)
                context.Abort();
            else
            {
                context.Response.Clear();
                await FailAsync(context, StatusCodes.Status500InternalServerError, "the server cannot read its repository");
            }
        }
    }

    private Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        if (!_limiter.TryAdmit(context))
        {
            context.Response.Headers.RetryAfter = "10";
            return FailAsync(context, StatusCodes.Status429TooManyRequests, "too many requests from this address");
        }
        // looked at with every request: who is put out is out on the connections that stand, too
        var member = _identity?.StillMember(context.Connection.ClientCertificate);
        if (_enrolment is not null && HttpMethods.IsPost(request.Method) && request.Path.Value is EnrolmentEndpoint.EnrolPath or EnrolmentEndpoint.RenewPath)
            return _enrolment.AnswerAsync(context, member);
        if (_identity is not null && member is null && !IsNetboot(context))
        {
            context.Response.Headers.Connection = "close";
            return FailAsync(context, StatusCodes.Status403Forbidden, "this swarm is closed: expected a client certificate of its authority");
        }
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            context.Response.Headers.Connection = "close";
            return FailAsync(context, StatusCodes.Status405MethodNotAllowed, "method not allowed: expected GET or HEAD");
        }
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true && request.ContentLength != 0)
        {
            context.Response.Headers.Connection = "close";
            return FailAsync(context, StatusCodes.Status413PayloadTooLarge, "request too large: expected no body");
        }
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = target.AsSpan();
        var query = path.IndexOf('?');
        if (query >= 0)
            path = path[..query];
        if (_netboot is not null && path.StartsWith(NetbootPrefix, StringComparison.Ordinal))
            return AnswerNetbootAsync(context, path[NetbootPrefix.Length..].ToString());
        switch (path)
        {
            case "/announce":
                return _tracker.AnnounceAsync(context);
            case "/scrape":
                return _tracker.ScrapeAsync(context);
            case "/healthz":
                return WriteHealthAsync(context);
            case "/metrics":
                context.Response.Headers.CacheControl = "no-store";
                return PlainResponse.WriteAsync(
                    context,
                    "text/plain; version=0.0.4; charset=utf-8",
                    MetricsReport.Write(_status(false), _counters)
                );
            case "/":
                context.Response.Headers.CacheControl = "no-store";
                context.Response.Headers.ContentSecurityPolicy = StatusPage.ContentSecurityPolicy;
                return PlainResponse.WriteAsync(
                    context,
                    "text/html; charset=utf-8",
                    StatusPage.Write(_status(true), _counters)
                );
            default:
                return RepositoryPath.TryParse(path, out var file)
                    ? _files.ServeAsync(context, file)
                    : FailAsync(context, StatusCodes.Status404NotFound, "not found: no file of a repository has such a path");
        }
    }

    /// <summary>Files for firmware, on the port that is there for it: it has no certificate.</summary>
    private bool IsNetboot(HttpContext context) =>
        _netboot is not null
        && context.Features.Get<ITlsConnectionFeature>() is null
        && context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.StartsWith(NetbootPrefix, StringComparison.Ordinal);

    private async Task AnswerNetbootAsync(HttpContext context, string name)
    {
        if (!await _netboot!.TryAnswerAsync(name, context))
            await FailAsync(context, StatusCodes.Status404NotFound, "not found: no such file for network boot");
    }

    private Task WriteHealthAsync(HttpContext context)
    {
        var status = _status(false);
        context.Response.StatusCode = status.IsReady
            ? StatusCodes.Status200OK
            : StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.CacheControl = "no-store";
        return PlainResponse.WriteAsync(context, "application/json", HealthReport.Write(status));
    }

    private Task FailAsync(HttpContext context, int status, string reason)
    {
        _counters.RequestRefused();
        return PlainResponse.FailAsync(context, status, reason);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} failed: {Reason}")]
    private partial void LogFailed(string path, string reason);
}
