using System.Net;
using System.Text;

namespace StatelessSwarm.Seed.Netboot;

/// <summary>The files for network boot over HTTP, GET and HEAD (UEFI asks for the length first); and the script for iPXE.</summary>
/// <param name="options">What is served.</param>
internal sealed class NetbootFiles(NetbootOptions options)
{
    /// <summary>Answers a request below <see cref="NetbootOptions.UrlPrefix"/>; false when there is no such file.</summary>
    /// <param name="name">What follows the prefix.</param>
    /// <param name="context">Request and response.</param>
    public async Task<bool> TryAnswerAsync(string name, HttpContext context)
    {
        var isHead = HttpMethods.IsHead(context.Request.Method);
        if (options.PathOf(name) is { } path)
        {
            context.Response.ContentType = "application/octet-stream";
            context.Response.ContentLength = new FileInfo(path).Length;
            if (!isHead)
                await context.Response.SendFileAsync(path, context.RequestAborted);
            return true;
        }
        if (name != NetbootOptions.ScriptName)
            return false;
        // the address that the machine has reached us at, whatever names it knows
        var connection = context.Connection;
        var address = connection.LocalIpAddress ?? IPAddress.Loopback;
        var script = Encoding.ASCII.GetBytes(options.Script(new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, connection.LocalPort)));
        context.Response.ContentType = "text/plain";
        context.Response.ContentLength = script.Length;
        if (!isHead)
            await context.Response.Body.WriteAsync(script, context.RequestAborted);
        return true;
    }
}
