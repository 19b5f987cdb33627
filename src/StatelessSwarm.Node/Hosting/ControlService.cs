using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Control;

namespace StatelessSwarm.Node.Hosting;

/// <summary>The control socket as a service of the host.</summary>
internal sealed class ControlService(NodeOptions options, NodeRuntime node, TimeProvider time, ILogger logger) : IHostedService
{
    private ControlServer? _server;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken) =>
        _server = await ControlServer.StartAsync(
            options.ControlSocketPath,
            options.ControlGroup,
            node,
            time,
            logger,
            cancellationToken
        );

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_server is { } server)
            await server.DisposeAsync();
    }
}
