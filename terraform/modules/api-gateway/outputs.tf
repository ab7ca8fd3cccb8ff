output "api_id" {
  description = "Id of the API: api.id of mlreg.yaml."
  value       = aws_apigatewayv2_api.this.id
}

output "api_name" {
  description = "Name of the API: api.name of mlreg.yaml."
  value       = aws_apigatewayv2_api.this.name
}

output "api_execution_arn" {
  description = "What a permission to invoke a function names as its source."
  value       = aws_apigatewayv2_api.this.execution_arn
}

output "stage_name" {
  description = "Name of the stage: api.stage of mlreg.yaml."
  value       = aws_apigatewayv2_stage.this.name
}

output "url" {
  description = "Where users reach the API."
  value       = trimsuffix(aws_apigatewayv2_stage.this.invoke_url, "/")
}

output "routes" {
  description = "The API's routes."
  value       = sort([for route in aws_apigatewayv2_route.this : route.route_key])
}
