// Semantic Kernel for .NET, pointed at the gate. The key comes from the environment.

#pragma warning disable SKEXP0010 // an endpoint of one's own is an experiment to it

using System;
using Microsoft.SemanticKernel;

public static class GateKernel
{
    public static Kernel Create()
    {
        var endpoint = new Uri(@{base});
        var key = Environment.GetEnvironmentVariable("SIGNALBOX_KEY");
        var builder = Kernel.CreateBuilder();
        builder.AddOpenAIChatCompletion(modelId: @{chat}, endpoint: endpoint, apiKey: key);
        return builder.Build();
    }
}
