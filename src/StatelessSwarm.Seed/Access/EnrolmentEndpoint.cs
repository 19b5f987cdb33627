using Microsoft.AspNetCore.Http.Features;
using StatelessSwarm.Seed.Hosting;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Trust;
using StatelessSwarm.Trust.Identities;

namespace StatelessSwarm.Seed.Access;

/// <summary>
/// <c>POST /enrol</c>, for who has a token, and <c>POST /renew</c>, for who has a certificate: the only requests that change something here.
/// Bodies are bounded, clients are limited, one is served at a time, and every answer is in the audit log.
/// </summary>
internal sealed class EnrolmentEndpoint(SwarmIdentity identity, SwarmAuthority authority, AuditLog audit, ClientLimits limits) : IDisposable
{
    /// <summary>Path that takes tokens.</summary>
    public const string EnrolPath = "/enrol";

    /// <summary>Path that takes certificates.</summary>
    public const string RenewPath = "/renew";

    private const string ContentType = "application/octet-stream";

    private readonly RequestLimiter _limiter = new(limits.EnrolmentBurst, limits.EnrolmentsPerSecond);
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Answers a POST.</summary>
    /// <param name="context">The request.</param>
    /// <param name="member">Whom the client's certificate names; null for a stranger.</param>
    public async Task AnswerAsync(HttpContext context, Member? member)
    {
        var isRenewal = context.Request.Path == RenewPath;
        if (!_limiter.TryAdmit(context))
        {
            context.Response.Headers.RetryAfter = "10";
            await PlainResponse.FailAsync(context, StatusCodes.Status429TooManyRequests, "too many enrolments from this address");
            return;
        }
        if (await ReadAsync(context) is not { } body)
        {
            context.Response.Headers.Connection = "close";
            await PlainResponse.FailAsync(context, StatusCodes.Status413PayloadTooLarge, $"request too large: expected at most {EnrolmentRequest.MaxBytes} bytes");
            return;
        }
        await _turn.WaitAsync(context.RequestAborted);
        try
        {
            var issued = isRenewal ? Renew(context, member, body) : Enrol(context, body);
            context.Response.Headers.CacheControl = "no-store";
            await PlainResponse.WriteAsync(context, ContentType, new EnrolmentAnswer(issued.Certificate, authority.Certificate).Encode());
        }
        catch (TrustException refused)
        {
            audit.Refused(context.Connection.RemoteIpAddress, isRenewal ? "renewal" : "enrolment", refused.Message);
            await PlainResponse.FailAsync(context, StatusCodes.Status403Forbidden, refused.Message);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _limiter.Dispose();
        _turn.Dispose();
        authority.Dispose();
    }

    private IssuedIdentity Enrol(HttpContext context, byte[] body)
    {
        var request = EnrolmentRequest.Decode(body);
        var issued = authority.Enrol(request);
        if (identity.IsRevoked(issued.KeyId))
            throw new TrustException(TrustFault.NotEnoughSignatures, "enrolment: the key has been revoked.");
        audit.Enrolled(context.Connection.RemoteIpAddress, issued.Name, issued.KeyId.ToString(), issued.TokenId);
        return issued;
    }

    private IssuedIdentity Renew(HttpContext context, Member? member, byte[] body)
    {
        if (member is null)
            throw new TrustException(TrustFault.NotEnoughSignatures, "renewal: expected a client certificate of this swarm.");
        var keyId = IdentityRequest.KeyIdOf(body);
        if (keyId != member.KeyId)
            throw new TrustException(TrustFault.Mismatch, "renewal: expected a request for the key of the client certificate.");
        var issued = authority.Renew(body);
        audit.Renewed(context.Connection.RemoteIpAddress, issued.Name, issued.KeyId.ToString());
        return issued;
    }

    /// <summary>The body, or null when it is too long.</summary>
    private static async Task<byte[]?> ReadAsync(HttpContext context)
    {
        var buffer = new byte[EnrolmentRequest.MaxBytes + 1];
        // no other request has a body, and the server's limit is none
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = buffer.Length;
        try
        {
            var count = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
            return count <= EnrolmentRequest.MaxBytes ? buffer[..count] : null;
        }
        catch (BadHttpRequestException)
        {
            return null;
        }
    }
}
