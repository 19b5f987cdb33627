using System.Globalization;
using System.Text;

namespace StatelessSwarm.Seed.Hosting;

/// <summary>Small whole answers, for GET and HEAD alike.</summary>
internal static class PlainResponse
{
    /// <summary>Writes <paramref name="body"/> with its length; a HEAD request gets the headers only.</summary>
    public static Task WriteAsync(HttpContext context, string contentType, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        response.Headers.XContentTypeOptions = "nosniff";
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    /// <summary>Writes <paramref name="body"/> as UTF-8.</summary>
    public static Task WriteAsync(HttpContext context, string contentType, string body) =>
        WriteAsync(context, contentType, Encoding.UTF8.GetBytes(body));

    /// <summary>An error: its number and one line that says what was expected.</summary>
    public static Task FailAsync(HttpContext context, int status, string reason)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.CacheControl = "no-store";
        return WriteAsync(
            context,
            "text/plain; charset=utf-8",
            string.Create(CultureInfo.InvariantCulture, $"{status} {reason}\n")
        );
    }
}
